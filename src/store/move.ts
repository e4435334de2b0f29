import { sql, type RawBuilder } from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { SealedCounts, SealedKind, SealedRow } from "../core/key-rotation-port.ts";
import type { KeyReader } from "../core/key-port.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { createKeyReader } from "./keys.ts";
import { countSealed, listSealed } from "./sealed-rows.ts";
import { DEPLOYMENT_ID } from "./settings.ts";
import type { Tables } from "./tables.ts";

type TableName = keyof Tables;
type Row = Readonly<Record<string, unknown>>;

/** Every table with what tells its rows apart, in an order in which rows come after those that they refer to. */
const TABLES: { readonly [T in TableName]: readonly (keyof Tables[T] & string)[] } = {
  settings: ["key"],
  data_keys: ["id"],
  keycheck: ["id"],
  admin_tokens: ["id"],
  users: ["id"],
  user_sessions: ["id"],
  user_accounts: ["id"],
  user_verifications: ["id"],
  user_invites: ["digest"],
  user_groups: ["id"],
  group_members: ["group_id", "user_id"],
  virtual_keys: ["id"],
  servers: ["id"],
  server_grants: ["server_id", "auth_mode", "identity_id"],
  server_group_grants: ["server_id", "group_id"],
  identity_access: ["server_id", "auth_mode", "identity_id"],
  header_credentials: ["id"],
  submission_flows: ["id"],
  temp_tokens: ["digest"],
  audit_events: ["id"],
  audit_event_subjects: ["event_id", "credential_id", "effect"],
  // A grant comes before what hangs on it.
  oauth_records: ["grant_id", "id"],
  attempts: ["digest"],
};

/** Columns that the database works out itself. */
const GENERATED: ReadonlySet<string> = new Set(["actor_key"]);

/** SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535. */
const MAX_PARAMETERS = 16_000;
const MAX_ROWS = 500;

/** The copy before it is committed. */
export interface UncommittedCopy {
  readonly keys: KeyReader;
  countSealed(): Promise<readonly SealedCounts[]>;
  listSealed(kind: SealedKind, keyId: string, after: string | null, limit: number): Promise<readonly SealedRow[]>;
}

export interface MoveOptions<T> {
  /** Judges the copy; what it throws undoes the move. */
  readonly verify: (copy: UncommittedCopy) => Promise<T>;
  readonly onTable?: (table: string, rows: number) => void;
}

export interface Moved<T> {
  readonly rows: number;
  /** What `verify` found. */
  readonly verified: T;
}

/**
 * Copies every row of one database to another, of whichever engines, in one transaction of each: wholly or not at all, so
 * that it can be run again after a failure. Writers of the source wait, and are refused after some seconds: stop them first.
 *
 * @param to a database with the tables of this version and without a row of anybody
 * @throws KeywardError `move_refused` when the target is not empty, `move_failed` when a count differs
 */
export function moveRows<T>(from: Engine, to: Engine, { verify, onTable }: MoveOptions<T>): Promise<Moved<T>> {
  return from.write((source) =>
    to.write(async (target) => {
      await assertEmpty(target);
      await target.db.deleteFrom("settings").execute();
      let rows = 0;
      for (const [table, key] of Object.entries(TABLES) as [TableName, readonly string[]][]) {
        const copied = await copyTable(source, target, table, key);
        await assertCount(target, table, copied);
        onTable?.(table, copied);
        rows += copied;
      }
      const verified = await verify({
        keys: createKeyReader({ read: (query) => query(target.db, sql.val(target.now)) }),
        countSealed: () => countSealed(target.db),
        listSealed: (kind, keyId, after, limit) => listSealed(target.db, kind, keyId, after ?? "", limit),
      });
      return { rows, verified };
    }),
  );
}

/** A database that was just made has its own deployment id, and nothing else. */
async function assertEmpty({ db }: Tx): Promise<void> {
  const found = [];
  for (const table of Object.keys(TABLES) as TableName[]) {
    const condition = table === "settings" ? sql`where key <> ${DEPLOYMENT_ID}` : sql``;
    const { rows } = await sql`select 1 from ${sql.table(table)} ${condition} limit 1`.execute(db);
    if (rows.length > 0) found.push(table);
  }
  if (found.length > 0) {
    throw new KeywardError("move_refused", {
      message: `The target is not empty: there are rows in ${found.join(", ")}. Name a new database. Nothing was written.`,
    });
  }
}

/** @returns how many rows */
async function copyTable(source: Tx, target: Tx, table: TableName, key: readonly string[]): Promise<number> {
  let count = 0;
  let after: Row | null = null;
  for (;;) {
    const rows: readonly Row[] = await readAfter(source.db, table, key, after);
    const last = rows.at(-1);
    if (last === undefined) {
      return count;
    }
    const columns = Object.keys(last).filter((column) => !GENERATED.has(column));
    const most = Math.floor(MAX_PARAMETERS / columns.length);
    for (let start = 0; start < rows.length; start += most) {
      await insert(target.db, table, columns, rows.slice(start, start + most));
    }
    count += rows.length;
    after = last;
  }
}

async function readAfter(db: Db, table: TableName, key: readonly string[], after: Row | null): Promise<Row[]> {
  const columns = key.map((column) => orderable(column));
  const beginning =
    after === null
      ? sql``
      : sql`where (${sql.join(columns)}) > (${sql.join(key.map((column) => sql.val(after[column] ?? "")))})`;
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)} ${beginning} order by ${sql.join(columns)} limit ${sql.lit(MAX_ROWS)}
  `.execute(db);
  return rows;
}

/** Null comes first on both engines only when something says so. */
function orderable(column: string): RawBuilder<unknown> {
  return column === "grant_id" ? sql`coalesce(${sql.ref(column)}, '')` : sql.ref(column);
}

async function insert(db: Db, table: TableName, columns: readonly string[], rows: readonly Row[]): Promise<void> {
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column])))})`);
  await sql`
    insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))}) values ${sql.join(values)}
  `.execute(db);
}

async function assertCount({ db }: Tx, table: TableName, expected: number): Promise<void> {
  const { rows } = await sql<{ readonly count: number }>`
    select cast(count(*) as integer) as count from ${sql.table(table)}
  `.execute(db);
  const count = rows[0]?.count;
  if (count !== expected) {
    throw new KeywardError("move_failed", {
      message: `${table} has ${count} rows in the target and ${expected} in the source. Nothing was written.`,
    });
  }
}
