import { sql, type RawBuilder, type SqlBool } from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { AuditEntry } from "../core/audit.ts";
import type { Tx } from "./engine.ts";

interface Membership {
  readonly group_id: string;
  readonly user_id: string;
}

/** Whoever is a member already stays one. @returns those that are new */
export async function addMemberships(tx: Tx, memberships: readonly Membership[]): Promise<readonly Membership[]> {
  const columns = { group_id: "text", user_id: "text", created_at: "integer" } as const;
  const rows = memberships.map((membership) => ({ ...membership, created_at: tx.now }));
  return (
    tx.db
      .insertInto("group_members")
      .columns(["group_id", "user_id", "created_at"])
      // The parser would take ON CONFLICT for the ON of a join, were there no WHERE.
      .expression((eb) =>
        eb
          .selectFrom(tx.json.rows(rows, columns).as("membership"))
          .select(["group_id", "user_id", "created_at"])
          .where(eb.lit(true)),
      )
      .onConflict((conflict) => conflict.columns(["group_id", "user_id"]).doNothing())
      .returning(["group_id", "user_id"])
      .execute()
  );
}

/** What the log of each user says of it: one event for each. */
export function membershipEntries(
  audit: AuditEntry,
  memberships: readonly Membership[],
  change: "member_added" | "member_removed",
): readonly AuditEntry[] {
  return memberships.map(({ group_id: group, user_id: id }) => ({
    ...audit,
    action: "group.updated",
    identity: { mode: "user", id },
    detail: { changed: [change], group },
  }));
}

/** @throws KeywardError `group_not_found` unless each of them is there */
export async function assertGroups(tx: Tx, ids: readonly string[]): Promise<void> {
  const known = await tx.db
    .selectFrom("user_groups")
    .select("id")
    .where(isNamed(tx, "user_groups.id", ids))
    .execute();
  if (known.length !== new Set(ids).size) {
    throw new KeywardError("group_not_found");
  }
}

/** @throws KeywardError `user_not_found` unless each of them is there */
export async function assertUsers(tx: Tx, ids: readonly string[]): Promise<void> {
  const known = await tx.db
    .selectFrom("users")
    .select("id")
    .where(isNamed(tx, "users.id", ids))
    .execute();
  if (known.length !== new Set(ids).size) {
    throw new KeywardError("user_not_found");
  }
}

/** Whether the column holds one of the ids: one parameter, however many they are. */
export function isNamed(tx: Tx, column: string, ids: readonly string[]): RawBuilder<SqlBool> {
  const named = tx.json.rows(
    ids.map((id) => ({ id })),
    { id: "text" },
  );
  return sql<SqlBool>`${sql.ref(column)} in (select id from ${named} as named)`;
}
