import { Kysely, type Transaction } from "kysely";
import { unavailable } from "../engine.ts";
import type { Tables } from "../tables.ts";
import { type Lease, LOCK_TIMEOUT_MS } from "./connections.ts";
import { PostgresDialect, StatementDriver } from "./dialect.ts";
import { isConnectionLost } from "./postgres-error.ts";
import type { Statements } from "./statements.ts";

/** `WRITE_LOCK` of the advisory locks: whoever holds it is the only writer of the database. See decision 047. */
const WRITE_LOCK = "1262838610, 1";

/** An edit may move 100,000 rows in one statement. */
const STATEMENT_TIMEOUT_MS = 30_000;
const COMMIT_WITHIN_MS = 10_000;
const NETWORK_GRACE_MS = 1_000;

/*
 * The lock is taken before the first statement that reads, and READ COMMITTED reads for each statement what has been
 * committed by then: nothing that a transaction has read can change before its end. The time is taken under the lock too,
 * so that it never runs backwards from one writer to the next. What is acknowledged has been written down, whatever the
 * server is set to (promise P9); a stricter setting, such as one about standbys, stays.
 */
const BEGIN = `begin isolation level read committed;
  set local statement_timeout = ${STATEMENT_TIMEOUT_MS};
  select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
  select pg_advisory_xact_lock(${WRITE_LOCK});
  select (extract(epoch from clock_timestamp()) * 1000)::int8 as now`;

/** Where the transaction stands, for whoever has to tell what a failure means. */
export interface Progress {
  /** Whether COMMIT has been sent. Until then nothing can have been committed. */
  isCommitting: boolean;
}

/** @param work gets the server's time, in milliseconds */
export async function runTransaction<T>(
  lease: Lease,
  statements: Statements,
  progress: Progress,
  work: (db: Transaction<Tables>, serverNow: number) => Promise<T>,
): Promise<T> {
  const { client } = lease;
  let result: T;
  try {
    const begun = await statements.script(client, BEGIN, LOCK_TIMEOUT_MS + NETWORK_GRACE_MS);
    const { now } = begun.rows[0] as { readonly now: number };
    const run = new StatementDriver((query) => statements.run(client, query, STATEMENT_TIMEOUT_MS + NETWORK_GRACE_MS));
    const kysely = new Kysely<Tables>({ dialect: new PostgresDialect(run) });
    result = await kysely.transaction().execute((db) => work(db, now));
  } catch (error) {
    if (isConnectionLost(error)) {
      // Its end is the end of the transaction as well; an answer may never come.
      lease.isBroken = true;
    } else {
      await rollBack(lease, statements);
    }
    throw error;
  }
  progress.isCommitting = true;
  const { command } = await statements.script(client, "commit", COMMIT_WITHIN_MS);
  if (command !== "COMMIT") {
    // The server rolls back, without an error, what it has already refused to go on with.
    throw unavailable(new Error("the transaction was rolled back by the server"));
  }
  return result;
}

async function rollBack(lease: Lease, statements: Statements): Promise<void> {
  try {
    await statements.script(lease.client, "rollback", COMMIT_WITHIN_MS);
  } catch {
    lease.isBroken = true;
  }
}
