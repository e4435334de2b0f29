import { sql } from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { GroupStore } from "../core/people-port.ts";
import type { Group } from "../core/user.ts";
import { appendAudit } from "./audit.ts";
import { Subjects } from "./audit-subjects.ts";
import { type Db, type Engine, type Tx, UniqueViolation } from "./engine.ts";
import { carryOut } from "./intent.ts";
import { addMemberships, assertGroups, assertUsers, isNamed, membershipEntries } from "./memberships.ts";
import { isName, parsePage, toPage } from "./page.ts";
import { reconcileAccess } from "./reconcile.ts";
import type { UserGroupsTable } from "./tables.ts";

export function createGroupStore(engine: Engine): GroupStore {
  return {
    createGroup: (group, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .insertInto("user_groups")
          .values({ ...group, created_at: tx.now, updated_at: tx.now })
          // The name is the only thing of a new group that can be taken; the index is over its lower case.
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) {
          throw new KeywardError("name_taken");
        }
        await appendAudit(tx, [audit]);
        return toGroup({ ...row, members_count: 0 });
      }),

    async listGroups(page) {
      const { limit, after } = parsePage(page, isName);
      const name = engine.caseless(sql.ref("user_groups.name"));
      const rows = await engine.read((db) =>
        selectGroups(db)
          .$if(after !== null, (query) => query.where(name, ">", engine.caseless(sql.val(after?.[0] ?? ""))))
          .orderBy(name)
          .limit(limit + 1)
          .execute(),
      );
      return toPage(rows, limit, (row) => [row.name], toGroup);
    },

    findGroup: (id) => engine.read((db) => readGroup(db, id)),

    renameGroup: (id, name, audit) =>
      engine.write(async (tx) => {
        if (!(await writeName(tx, id, name))) {
          return null;
        }
        await appendAudit(tx, [audit]);
        return readGroup(tx.db, id);
      }),

    deleteGroup: (id, intent, audit) =>
      carryOut(engine, intent, async (tx) => {
        if ((await readGroup(tx.db, id)) === null) {
          return null;
        }
        // The grants first: while the members are known, their access can be reconciled.
        await tx.db.deleteFrom("server_group_grants").where("group_id", "=", id).execute();
        const subjects = await Subjects.of(tx);
        const moved = await reconcileAccess(tx, { membersOf: id }, subjects);
        await tx.db.deleteFrom("user_groups").where("id", "=", id).execute();
        await subjects.append({ ...audit, detail: { ...audit.detail, ...moved.reconciliation } });
        return moved;
      }),

    async listGroupsOf(userId) {
      const rows = await engine.read((db) =>
        selectGroups(db)
          .innerJoin("group_members as mine", "mine.group_id", "user_groups.id")
          .where("mine.user_id", "=", userId)
          .orderBy(engine.caseless(sql.ref("user_groups.name")))
          .execute(),
      );
      return rows.map(toGroup);
    },

    changeMembers: (groupId, { add, remove }, intent, audit) =>
      carryOut(engine, intent, async (tx) => {
        await assertGroups(tx, [groupId]);
        await assertUsers(tx, add);
        const removed = await removeMembers(
          tx,
          groupId,
          remove.filter((userId) => !add.includes(userId)),
        );
        const added = await addMemberships(
          tx,
          add.map((userId) => ({ group_id: groupId, user_id: userId })),
        );
        const subjects = await Subjects.of(tx);
        const moved = await reconcileAccess(tx, { userIds: [...remove, ...add] }, subjects);
        await subjects.append({ ...audit, detail: { ...audit.detail, ...moved.reconciliation } }, [
          ...membershipEntries(audit, removed, "member_removed"),
          ...membershipEntries(audit, added, "member_added"),
        ]);
        return moved;
      }),
  };
}

function selectGroups(db: Db) {
  return db
    .selectFrom("user_groups")
    .select(["user_groups.id", "user_groups.name", "user_groups.created_at"])
    .select((eb) =>
      eb
        .selectFrom("group_members as counted")
        .select((inner) => inner.fn.countAll<number>().as("members"))
        .whereRef("counted.group_id", "=", "user_groups.id")
        .as("members_count"),
    );
}

async function readGroup(db: Db, id: string): Promise<Group | null> {
  const row = await selectGroups(db).where("user_groups.id", "=", id).executeTakeFirst();
  return row === undefined ? null : toGroup(row);
}

function toGroup(
  row: Pick<UserGroupsTable, "id" | "name" | "created_at"> & { readonly members_count: number | null },
): Group {
  return { id: row.id, name: row.name, membersCount: row.members_count ?? 0, createdAt: row.created_at };
}

async function writeName(tx: Tx, id: string, name: string): Promise<boolean> {
  try {
    const { numUpdatedRows } = await tx.db
      .updateTable("user_groups")
      .set({ name, updated_at: tx.now })
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  } catch (error) {
    throw error instanceof UniqueViolation ? new KeywardError("name_taken", { cause: error }) : error;
  }
}

/** Whoever is no member is left out. @returns who was one */
async function removeMembers(tx: Tx, groupId: string, userIds: readonly string[]) {
  return tx.db
    .deleteFrom("group_members")
    .where("group_id", "=", groupId)
    .where(isNamed(tx, "group_members.user_id", userIds))
    .returning(["group_id", "user_id"])
    .execute();
}
