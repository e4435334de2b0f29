import { sql, type RawBuilder, type SqlBool } from "kysely";
import { datedFormatsOf, requiredNames, type HeaderSchema } from "../core/header-schema.ts";
import type { Reconciliation } from "../core/access-port.ts";
import type { Subjects } from "./audit-subjects.ts";
import type { Tx } from "./engine.ts";
import { countPeople, isMoving, NOTHING_MOVED, reconcileAccess } from "./reconcile.ts";

/** What an edit of a server changed, as far as the rows that hang on it are concerned. */
export interface ServerEdit {
  readonly serverId: string;
  /** As it is now. */
  readonly origin: string;
  readonly isNewOrigin: boolean;
  /** null = the schema is as it was. */
  readonly newSchema: HeaderSchema | null;
  /** Whether forms that are open, and values that are being verified, are not what is asked for any more. */
  readonly endsForms: boolean;
  readonly isNewAccess: boolean;
}

/**
 * What an edit does to the credentials and flows of its server, in the transaction of the edit: a constant number of
 * statements, however many rows there are.
 */
export async function applyServerEdit(tx: Tx, edit: ServerEdit, subjects: Subjects): Promise<Reconciliation> {
  const people = await countPeople(tx, isAffected(tx, edit));
  let needsUpdate = 0;
  if (edit.endsForms) {
    await endFlows(tx, edit.serverId);
  }
  if (edit.isNewOrigin) {
    needsUpdate += await applyOriginChange(tx, edit.serverId, subjects);
  }
  if (edit.newSchema !== null) {
    needsUpdate += await applySchemaChange(tx, edit, edit.newSchema, subjects);
  }
  const moved = edit.isNewAccess ? await reconcileAccess(tx, { serverId: edit.serverId }, subjects) : NOTHING_MOVED;
  return { ...moved.reconciliation, needsUpdate, people };
}

/** Whether a credential will be moved by the edit. Asked before the first of them is. */
function isAffected(tx: Tx, edit: ServerEdit): RawBuilder<SqlBool> {
  const reasons = [
    ...(edit.isNewOrigin ? [isLeftBehind] : []),
    ...(edit.newSchema === null ? [] : [isLacking(tx, edit, edit.newSchema), isComplete(tx, edit, edit.newSchema)]),
    ...(edit.isNewAccess ? [isMoving] : []),
    sql<SqlBool>`1 = 0`,
  ];
  return sql<SqlBool>`${isOf(edit.serverId)} and (${sql.join(reasons, sql` or `)})`;
}

function isOf(serverId: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`header_credentials.server_id = ${serverId}`;
}

/** `origin_changed` of the state table. */
const isLeftBehind = sql<SqlBool>`(header_credentials.status in ('active', 'rejected'))`;

/** `schema_changed` of the state table, for a row that does not satisfy the new schema. */
function isLacking(tx: Tx, edit: ServerEdit, schema: HeaderSchema): RawBuilder<SqlBool> {
  return sql<SqlBool>`(header_credentials.status = 'active' and not ${isSatisfied(tx, edit, schema)})`;
}

/** The same for one that does. */
function isComplete(tx: Tx, edit: ServerEdit, schema: HeaderSchema): RawBuilder<SqlBool> {
  return sql<SqlBool>`(header_credentials.status = 'needs_update' and ${isSatisfied(tx, edit, schema)})`;
}

/**
 * A row satisfies the schema when it has every required field, holds no value that is older than its field's format, and
 * was verified against the server's origin: a schema edit must not wake what an origin edit put to sleep.
 */
function isSatisfied(tx: Tx, edit: ServerEdit, schema: HeaderSchema): RawBuilder<SqlBool> {
  const holds = (names: readonly string[]): RawBuilder<SqlBool> =>
    tx.json.holdsAll("header_credentials.field_names", names);
  const conditions = [
    sql<SqlBool>`header_credentials.origin = ${edit.origin}`,
    holds(requiredNames(schema)),
    ...datedFormatsOf(schema).map(
      ({ name, since }) => sql<SqlBool>`(header_credentials.schema_revision >= ${since} or not ${holds([name])})`,
    ),
  ];
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
}

/** Of no revision that a server has had: a commit compares it with the form's and refuses. */
const NO_REVISION = 0;

/**
 * Ends the flows of a server whose origin changes, or whose schema asks for something else. One that is being verified
 * stays until its claim ends, but expired: it opens no more, and its commit says `schema_changed` rather than "unknown
 * link", whatever the server has been edited back to by then.
 */
async function endFlows(tx: Tx, serverId: string): Promise<void> {
  await tx.db
    .deleteFrom("submission_flows")
    .where("server_id", "=", serverId)
    .where((eb) => eb.or([eb("state", "=", "pending"), eb("claim_until", "<=", tx.now)]))
    .execute();
  await tx.db
    .updateTable("submission_flows")
    .set({
      schema_revision: NO_REVISION,
      expires_at: sql<number>`case when expires_at < ${tx.now} then expires_at else ${tx.now} end`,
      updated_at: tx.now,
    })
    .where("server_id", "=", serverId)
    .execute();
}

/** Values of another origin are never used again without a new verification. */
async function applyOriginChange(tx: Tx, serverId: string, subjects: Subjects): Promise<number> {
  await subjects.note("needs_update", sql<SqlBool>`${isOf(serverId)} and ${isLeftBehind}`);
  const result = await tx.db
    .updateTable("header_credentials")
    .set({ status: "needs_update", status_reason: "origin_changed", status_changed_at: tx.now })
    .where("server_id", "=", serverId)
    .where(isLeftBehind)
    .executeTakeFirstOrThrow();
  return Number(result.numUpdatedRows);
}

/** @returns how many came to need an update */
async function applySchemaChange(tx: Tx, edit: ServerEdit, schema: HeaderSchema, subjects: Subjects): Promise<number> {
  const ofServer = isOf(edit.serverId);
  await subjects.note("needs_update", sql<SqlBool>`${ofServer} and ${isLacking(tx, edit, schema)}`);
  await subjects.note("active", sql<SqlBool>`${ofServer} and ${isComplete(tx, edit, schema)}`);
  const lacking = await tx.db
    .updateTable("header_credentials")
    .set({ status: "needs_update", status_reason: "schema_changed", status_changed_at: tx.now })
    .where("server_id", "=", edit.serverId)
    .where(isLacking(tx, edit, schema))
    .executeTakeFirstOrThrow();
  await tx.db
    .updateTable("header_credentials")
    .set({ status: "active", status_reason: null, status_changed_at: tx.now })
    .where("server_id", "=", edit.serverId)
    .where(isComplete(tx, edit, schema))
    .execute();
  return Number(lacking.numUpdatedRows);
}
