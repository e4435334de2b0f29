import type { DatabaseConnection, Driver } from "kysely";
import type { Clock } from "../../core/ports.ts";
import { whileBusy } from "./busy.ts";
import type { FileWatch } from "./database-file.ts";
import { Mutex } from "./mutex.ts";
import type { ThreadedConnection } from "./threaded-connection.ts";

/**
 * The one writing connection of a handle. A transaction holds it from BEGIN to COMMIT, so a statement of another call can
 * never slip into it. BEGIN IMMEDIATE takes the write lock at once: what a transaction reads, nobody changes before its
 * end, and no write in it can meet a lock (a deferred one that upgrades could).
 */
export class WriterDriver implements Driver {
  readonly #connection: ThreadedConnection;
  readonly #clock: Clock;
  readonly #files: FileWatch;
  readonly #mutex = new Mutex();

  constructor(connection: ThreadedConnection, clock: Clock, files: FileWatch) {
    this.#connection = connection;
    this.#clock = clock;
    this.#files = files;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex.acquire();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#mutex.release();
  }

  async beginTransaction(): Promise<void> {
    this.#files.assertInPlace();
    await whileBusy(this.#clock, () => this.#connection.exec("begin immediate"));
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.exec("commit");
  }

  async rollbackTransaction(): Promise<void> {
    // A full disk or an I/O error has rolled back already.
    if (this.#connection.isInTransaction) {
      await this.#connection.exec("rollback");
    }
  }

  /** Waits for the transaction in progress. */
  async destroy(): Promise<void> {
    await this.#mutex.acquire();
    await this.#connection.close();
    this.#mutex.release();
  }
}
