import { sql, type SqlBool, type RawBuilder } from "kysely";
import type { AuditEffect } from "../core/audit.ts";
import type { Identity } from "../core/identity.ts";
import type { AccessChange } from "../core/access-port.ts";
import { rowHasAccess } from "./access-rule.ts";
import type { Subjects } from "./audit-subjects.ts";
import type { Tx } from "./engine.ts";
import { isNamed } from "./memberships.ts";

/*
 * What a change of access does to the rows that hang on it. Set-based and in the transaction of the
 * change: a constant number of statements, however many rows there are.
 */

/** Which bindings a change can touch: all of a server, of an identity, of some users, or of the members of a group. */
export type Scope =
  | { readonly serverId: string }
  | { readonly identity: Identity }
  | { readonly userIds: readonly string[] }
  | { readonly membersOf: string };

type BoundTable = "header_credentials" | "submission_flows";

export const NOTHING_MOVED: AccessChange = {
  reconciliation: { orphaned: 0, reactivated: 0, needsUpdate: 0, people: 0 },
  orphanedIds: [],
};

function inScope(tx: Tx, table: BoundTable, scope: Scope): RawBuilder<SqlBool> {
  if ("serverId" in scope) {
    return sql<SqlBool>`${sql.ref(`${table}.server_id`)} = ${scope.serverId}`;
  }
  const isUser = sql<SqlBool>`${sql.ref(`${table}.auth_mode`)} = 'user'`;
  if ("userIds" in scope) {
    return sql<SqlBool>`(${isUser} and ${isNamed(tx, `${table}.identity_id`, scope.userIds)})`;
  }
  const id = sql.ref(`${table}.identity_id`);
  if ("membersOf" in scope) {
    const members = sql`select user_id from group_members where group_id = ${scope.membersOf}`;
    return sql<SqlBool>`(${isUser} and ${id} in (${members}))`;
  }
  return sql<SqlBool>`(${sql.ref(`${table}.auth_mode`)} = ${scope.identity.mode} and ${id} = ${scope.identity.id})`;
}

/** Whether a credential has access and is orphaned, or has none and is not. */
export const isMoving: RawBuilder<SqlBool> = sql<SqlBool>`(
  (header_credentials.orphaned_at is null) <> ${rowHasAccess("header_credentials")}
)`;

/**
 * Orphans the credentials that have lost access and reactivates those that have regained it, each with epoch +1, and
 * deletes the flows that have no access.
 */
export async function reconcileAccess(tx: Tx, scope: Scope, subjects: Subjects): Promise<AccessChange> {
  const credentials = inScope(tx, "header_credentials", scope);
  await deleteFlowsWithoutAccess(tx, scope);
  const moving = sql<SqlBool>`${credentials} and ${isMoving}`;
  const people = await countPeople(tx, moving);
  if (people === 0) {
    return NOTHING_MOVED;
  }
  await subjects.note(
    sql<AuditEffect>`case when header_credentials.orphaned_at is null then 'orphaned' else 'reactivated' end`,
    moving,
  );
  await addEpochs(tx, moving);
  const orphaned = await tx.db
    .updateTable("header_credentials")
    .set({ orphaned_at: tx.now, status_changed_at: tx.now })
    .where(credentials)
    .where("orphaned_at", "is", null)
    .where(sql<SqlBool>`not ${rowHasAccess("header_credentials")}`)
    .returning("id")
    .execute();
  const reactivated = await tx.db
    .updateTable("header_credentials")
    .set({ orphaned_at: null, status_changed_at: tx.now })
    .where(credentials)
    .where("orphaned_at", "is not", null)
    .where(rowHasAccess("header_credentials"))
    .executeTakeFirstOrThrow();
  return {
    reconciliation: {
      orphaned: orphaned.length,
      reactivated: Number(reactivated.numUpdatedRows),
      needsUpdate: 0,
      people,
    },
    orphanedIds: orphaned.map((row) => row.id),
  };
}

/** How many identities those credentials belong to. */
export async function countPeople(tx: Tx, ofCredentials: RawBuilder<SqlBool>): Promise<number> {
  const { rows } = await sql<{ readonly people: number }>`
    select count(*) as people from (
      select distinct auth_mode, identity_id from header_credentials where ${ofCredentials}
    ) as affected
  `.execute(tx.db);
  return rows[0]?.people ?? 0;
}

/** Adds 1 to the access epoch of the bindings of those credentials. */
export async function addEpochs(tx: Tx, ofCredentials: RawBuilder<SqlBool>): Promise<void> {
  await tx.db
    .insertInto("identity_access")
    .columns(["server_id", "auth_mode", "identity_id", "epoch"])
    .expression((eb) =>
      eb
        .selectFrom("header_credentials")
        .select(["server_id", "auth_mode", "identity_id", sql<number>`1`.as("epoch")])
        .where(ofCredentials),
    )
    .onConflict((conflict) =>
      conflict
        .columns(["server_id", "auth_mode", "identity_id"])
        .doUpdateSet((eb) => ({ epoch: eb("identity_access.epoch", "+", 1) })),
    )
    .execute();
}

async function deleteFlowsWithoutAccess(tx: Tx, scope: Scope): Promise<void> {
  await tx.db
    .deleteFrom("submission_flows")
    .where(inScope(tx, "submission_flows", scope))
    .where(sql<SqlBool>`not ${rowHasAccess("submission_flows")}`)
    .execute();
}
