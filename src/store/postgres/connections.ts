import type { CompiledQuery, QueryResult } from "kysely";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import type { PgDriver, PgOptions, PgPool, PgPooledClient } from "./pg-client.ts";
import { PipelinedReader } from "./pipelined-reader.ts";
import { fromConnecting, isConnectionLost, isWorthAnotherTry } from "./postgres-error.ts";
import type { Statements } from "./statements.ts";
import { VALUE_TYPES } from "./values.ts";

/** Whoever needs a connection has one after that, or is told that the store is not available. */
const CONNECT_WITHIN_MS = 2_000;
/** A single statement. Transactions set one of their own: an edit may move 100,000 rows. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** A writer waits so long for the one before it, of this process or another. */
export const LOCK_TIMEOUT_MS = 5_000;
/** A replica that has died or hangs in a transaction gives the lock back after that. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** On top of what the server allows itself: after that, the network has lost the answer. */
const NETWORK_GRACE_MS = 1_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** For lists, writes and whatever else is no point read. One write runs at a time. */
const POOL_SIZE = 6;

export function connectionOptions(url: string): PgOptions {
  return {
    connectionString: url,
    application_name: "keyward",
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + NETWORK_GRACE_MS,
    types: VALUE_TYPES,
  };
}

/** A connection of the pool, lent to one piece of work. */
export interface Lease {
  readonly client: PgPooledClient;
  /** Set by whoever notices that it is of no use any more: it is closed rather than lent again. */
  isBroken: boolean;
}

interface ConnectionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger | undefined;
}

/** The connections of one store: a pool, and one more for the point reads. All of them come back by themselves. */
export class Connections {
  readonly #pool: PgPool;
  readonly #reader: PipelinedReader;
  readonly #statements: Statements;
  readonly #clock: Clock;
  /** Clients whose connection was cut while they were lent. */
  readonly #cut = new WeakSet<PgPooledClient>();

  constructor(driver: PgDriver, url: string, statements: Statements, { logger, ...ports }: ConnectionPorts) {
    const options = connectionOptions(url);
    this.#pool = new driver.Pool({ ...options, max: POOL_SIZE, idleTimeoutMillis: IDLE_TIMEOUT_MS });
    // An idle connection that ends would otherwise be the end of the process. The pool has dropped it already.
    this.#pool.on("error", () => logger?.warn("store_connection_lost"));
    // The same for one that is lent: the pool listens to idle ones only.
    this.#pool.on("connect", (client) => client.on("error", () => this.#cut.add(client)));
    this.#reader = new PipelinedReader(() => new driver.Client({ ...options, pipeline: true }), statements, ports);
    this.#statements = statements;
    this.#clock = ports.clock;
  }

  /** A reading statement for at most one row that takes no time. */
  first<R>(query: CompiledQuery<R>): Promise<R | undefined> {
    return onceMore(() => this.#reader.first(query));
  }

  /** Any other reading statement. */
  read<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return onceMore(() => this.use(({ client }) => this.#statements.run<R>(client, query)));
  }

  /**
   * Lends a connection of the pool.
   * @throws ConnectionError when none is free, and none can be made, within 2 s
   */
  async use<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw fromConnecting(error);
    });
    const lease: Lease = { client, isBroken: false };
    try {
      return await work(lease);
    } catch (error) {
      lease.isBroken ||= isConnectionLost(error);
      throw error;
    } finally {
      client.release(lease.isBroken || this.#cut.has(client));
    }
  }

  /** Says goodbye, but waits for no answer of a server that is gone. */
  async close(others: readonly { close(): Promise<void> }[]): Promise<void> {
    const goodbyes = others.map((other) => other.close());
    const goodbye = Promise.allSettled([this.#pool.end(), this.#reader.close(), ...goodbyes]);
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#clock.schedule(CONNECT_WITHIN_MS, resolve);
      void goodbye.then(() => {
        cancelTimer();
        resolve();
      });
    });
  }
}

/** A read on a connection that has just died, as each one has after a restart of the server, is read again on another. */
async function onceMore<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isWorthAnotherTry(error)) {
      throw error;
    }
    return read();
  }
}
