import { sql, type SqlBool } from "kysely";
import type { AuditEntry } from "../core/audit.ts";
import { KeywardError } from "../core/errors.ts";
import type { UserChange, UserFilter, UserStore } from "../core/people-port.ts";
import type { User } from "../core/user.ts";
import { appendAudit } from "./audit.ts";
import { toBit } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { deleteIdentity } from "./identity-removal.ts";
import { carryOut } from "./intent.ts";
import { createInviteStore } from "./invites.ts";
import { isNameAndId, parsePage, toPage } from "./page.ts";
import { NOTHING_MOVED, reconcileAccess } from "./reconcile.ts";
import { holdsText } from "./text-search.ts";
import { hasAdminUser, isoNow, readUser, selectUsers, toUser } from "./user-row.ts";

export function createUserStore(engine: Engine): UserStore {
  return {
    ...createInviteStore(engine),

    findUser: (id) => engine.read((db) => readUser(db, id)),

    async findUsers(ids) {
      const rows =
        ids.length === 0 ? [] : await engine.read((db) => selectUsers(db).where("users.id", "in", ids).execute());
      return rows.map(toUser);
    },

    async findUserByEmail(email) {
      const row = await engine.read((db) => selectUsers(db).where("users.email", "=", email).executeTakeFirst());
      return row === undefined ? null : toUser(row);
    },

    async listUsers(filter, page) {
      const { limit, after } = parsePage(page, isNameAndId);
      const sortName = sql<string>`lower(users.name)`;
      const rows = await engine.read((db) => {
        let query = filtered(db, filter).select(sortName.as("sort_name"));
        if (after !== null) {
          // An index on an expression is not searched by a pair, so the first half says from where.
          query = query.where(
            sql<SqlBool>`${sortName} >= ${after[0]} and (${sortName} > ${after[0]} or users.id > ${after[1]})`,
          );
        }
        return query
          .orderBy(sortName)
          .orderBy("users.id")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.sort_name, row.id], toUser);
    },

    updateUser: (id, change, intent, audit) =>
      carryOut(engine, intent, async (tx) => {
        const before = await readUser(tx.db, id);
        if (before === null) {
          return null;
        }
        const user = await writeChange(tx, before, change);
        await assertAdminRemains(tx, before);
        const isMoved = user.isEnabled !== before.isEnabled;
        if (isMoved && !user.isEnabled) {
          await tx.db.deleteFrom("user_sessions").where("user_id", "=", id).execute();
        }
        const moved = isMoved ? await reconcileAccess(tx, { identity: { mode: "user", id } }) : NOTHING_MOVED;
        await appendAudit(tx, [{ ...audit, detail: { ...audit.detail, ...(isMoved ? moved.reconciliation : {}) } }]);
        return { user, ...moved };
      }),

    deleteUser: (id, intent, audit) =>
      carryOut(engine, intent, async (tx) => {
        const user = await readUser(tx.db, id);
        if (user === null) {
          return null;
        }
        const credentialIds = await deleteIdentity(tx, { mode: "user", id });
        const virtualKeyIds = await revokeOwnedKeys(tx, id);
        // Sessions, accounts, invitations and memberships go with the row.
        await tx.db.deleteFrom("users").where("id", "=", id).execute();
        await assertAdminRemains(tx, user);
        await appendAudit(tx, [audit, ...virtualKeyIds.map((keyId) => keyRevoked(audit, keyId))]);
        return { credentialIds, virtualKeyIds };
      }),
  };
}

function filtered(db: Db, { role, isEnabled, groupId, q }: UserFilter) {
  let query = selectUsers(db);
  if (role !== undefined) {
    query = query.where("users.role", "=", role);
  }
  if (isEnabled !== undefined) {
    query = query.where("users.is_disabled", "=", toBit(!isEnabled));
  }
  if (groupId !== undefined) {
    query = query.where("users.id", "in", (eb) =>
      eb.selectFrom("group_members").select("group_members.user_id").where("group_members.group_id", "=", groupId),
    );
  }
  if (q !== undefined && q !== "") {
    query = query.where((eb) => eb.or([holdsText("users.name", q), holdsText("users.email", q)]));
  }
  return query;
}

async function writeChange(tx: Tx, before: User, { name, role, isEnabled }: UserChange): Promise<User> {
  await tx.db
    .updateTable("users")
    .set({
      name: name ?? before.name,
      role: role ?? before.role,
      is_disabled: toBit(!(isEnabled ?? before.isEnabled)),
      updated_at: isoNow(tx),
    })
    .where("id", "=", before.id)
    .execute();
  return toUser(await selectUsers(tx.db).where("users.id", "=", before.id).executeTakeFirstOrThrow());
}

/**
 * Asked after the change, in its transaction: of two administrators who demote each other, the second finds nobody left.
 * One who has only been invited does not count, because an invitation can expire.
 * @throws KeywardError `last_admin` when the change takes away the last one
 */
async function assertAdminRemains(tx: Tx, before: User): Promise<void> {
  if (before.role !== "admin" || !before.isEnabled || before.isInvited) {
    return;
  }
  if (!(await hasAdminUser(tx))) {
    throw new KeywardError("last_admin");
  }
}

function keyRevoked(audit: AuditEntry, keyId: string): AuditEntry {
  const { actor, requestId, address } = audit;
  return {
    actor,
    requestId,
    address,
    action: "virtual_key.revoked",
    outcome: "ok",
    identity: { mode: "virtual_key", id: keyId },
    detail: { reason: "owner_deleted" },
  };
}

/** For good; their rows stay for the audit. An owned key acts as its owner, so nothing is stored under it. */
async function revokeOwnedKeys(tx: Tx, ownerId: string): Promise<readonly string[]> {
  const revoked = await tx.db
    .updateTable("virtual_keys")
    .set({ revoked_at: tx.now })
    .where("owner_user_id", "=", ownerId)
    .where("revoked_at", "is", null)
    .returning("id")
    .execute();
  return revoked.map((row) => row.id);
}
