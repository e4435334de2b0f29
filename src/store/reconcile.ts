import { sql, type SqlBool, type RawBuilder } from "kysely";
import type { Identity } from "../core/identity.ts";
import { rowHasAccess } from "./access-rule.ts";
import type { Tx } from "./engine.ts";

/*
 * What a change of server, grants or key does to the rows that hang on it. Set-based and in the transaction of the
 * change: a constant number of statements, however many rows there are.
 */

/** Which bindings a change can touch: all of a server, or all of an identity. */
export type Scope = { readonly serverId: string } | { readonly identity: Identity };

type BoundTable = "header_credentials" | "submission_flows";

function inScope(table: BoundTable, scope: Scope): RawBuilder<SqlBool> {
  if ("serverId" in scope) {
    return sql<SqlBool>`${sql.ref(`${table}.server_id`)} = ${scope.serverId}`;
  }
  const { mode, id } = scope.identity;
  return sql<SqlBool>`(${sql.ref(`${table}.auth_mode`)} = ${mode} and ${sql.ref(`${table}.identity_id`)} = ${id})`;
}

/**
 * Orphans the credentials that have lost access and reactivates those that have regained it, each with epoch +1, and
 * deletes the flows that have no access.
 */
export async function reconcileAccess(
  tx: Tx,
  scope: Scope,
): Promise<{ readonly orphaned: number; readonly reactivated: number }> {
  const isMoving = sql<SqlBool>`(header_credentials.orphaned_at is null) <> ${rowHasAccess("header_credentials")}`;
  await deleteFlowsWithoutAccess(tx, scope);
  const moving = await addEpochs(tx, sql<SqlBool>`${inScope("header_credentials", scope)} and ${isMoving}`);
  if (moving === 0) {
    return { orphaned: 0, reactivated: 0 };
  }
  const orphaned = await tx.db
    .updateTable("header_credentials")
    .set({ orphaned_at: tx.now, status_changed_at: tx.now })
    .where(inScope("header_credentials", scope))
    .where("orphaned_at", "is", null)
    .where(sql<SqlBool>`not ${rowHasAccess("header_credentials")}`)
    .executeTakeFirstOrThrow();
  const reactivated = await tx.db
    .updateTable("header_credentials")
    .set({ orphaned_at: null, status_changed_at: tx.now })
    .where(inScope("header_credentials", scope))
    .where("orphaned_at", "is not", null)
    .where(rowHasAccess("header_credentials"))
    .executeTakeFirstOrThrow();
  return { orphaned: Number(orphaned.numUpdatedRows), reactivated: Number(reactivated.numUpdatedRows) };
}

/** Adds 1 to the access epoch of the bindings of those credentials. @returns how many bindings */
export async function addEpochs(tx: Tx, ofCredentials: RawBuilder<SqlBool>): Promise<number> {
  const result = await tx.db
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
    .executeTakeFirstOrThrow();
  return Number(result.numInsertedOrUpdatedRows);
}

async function deleteFlowsWithoutAccess(tx: Tx, scope: Scope): Promise<void> {
  await tx.db
    .deleteFrom("submission_flows")
    .where(inScope("submission_flows", scope))
    .where(sql<SqlBool>`not ${rowHasAccess("submission_flows")}`)
    .execute();
}

/**
 * Ends the flows of a server whose schema or origin changes. One that is being verified stays until its claim ends, but
 * expired: it opens no more, and its commit can say `schema_changed` rather than "unknown link".
 */
export async function endFlows(tx: Tx, serverId: string): Promise<void> {
  await tx.db
    .deleteFrom("submission_flows")
    .where("server_id", "=", serverId)
    .where((eb) => eb.or([eb("state", "=", "pending"), eb("claim_until", "<=", tx.now)]))
    .execute();
  await tx.db
    .updateTable("submission_flows")
    .set({ expires_at: tx.now, updated_at: tx.now })
    .where("server_id", "=", serverId)
    .where("expires_at", ">", tx.now)
    .execute();
}

/** `origin_changed` of the state table: values of another origin are never used again without a new verification. */
export async function applyOriginChange(tx: Tx, serverId: string): Promise<number> {
  const result = await tx.db
    .updateTable("header_credentials")
    .set({ status: "needs_update", status_reason: "origin_changed", status_changed_at: tx.now })
    .where("server_id", "=", serverId)
    .where("status", "in", ["active", "rejected"])
    .executeTakeFirstOrThrow();
  return Number(result.numUpdatedRows);
}

/**
 * `schema_changed` of the state table, for all credentials of a server. A row satisfies the schema when it has every
 * required field, holds no value that is older than its field's format, and was verified against the server's origin: a
 * schema edit must not wake what an origin edit put to sleep.
 * @returns how many came to need an update
 */
export async function applySchemaChange(
  tx: Tx,
  server: { readonly id: string; readonly origin: string },
  requiredNames: readonly string[],
  datedFormats: readonly { readonly name: string; readonly since: number }[],
): Promise<number> {
  const holds = (names: readonly string[]): RawBuilder<SqlBool> =>
    tx.json.holdsAll("header_credentials.field_names", names);
  const conditions = [
    sql<SqlBool>`header_credentials.origin = ${server.origin}`,
    holds(requiredNames),
    ...datedFormats.map(
      ({ name, since }) => sql<SqlBool>`(header_credentials.schema_revision >= ${since} or not ${holds([name])})`,
    ),
  ];
  const isSatisfied = sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
  const lacking = await tx.db
    .updateTable("header_credentials")
    .set({ status: "needs_update", status_reason: "schema_changed", status_changed_at: tx.now })
    .where("server_id", "=", server.id)
    .where("status", "=", "active")
    .where(sql<SqlBool>`not ${isSatisfied}`)
    .executeTakeFirstOrThrow();
  await tx.db
    .updateTable("header_credentials")
    .set({ status: "active", status_reason: null, status_changed_at: tx.now })
    .where("server_id", "=", server.id)
    .where("status", "=", "needs_update")
    .where(isSatisfied)
    .execute();
  return Number(lacking.numUpdatedRows);
}
