import { type CompiledQuery, Kysely, sql, type RawBuilder } from "kysely";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import { type Db, type Engine, type Tx, unavailable } from "../engine.ts";
import type { Tables } from "../tables.ts";
import type { SqliteConnection } from "./connection.ts";
import type { FileWatch } from "./database-file.ts";
import { NodeSqliteDialect, ReaderDriver } from "./dialect.ts";
import { sqliteJson } from "./json.ts";
import { sha256OfLines } from "./sha256-lines.ts";
import { fromEngine, sqliteCode } from "./sqlite-error.ts";
import type { ThreadedConnection } from "./threaded-connection.ts";
import { WriterDriver } from "./writer-driver.ts";

/** Processes on one file have no way to tell each other. */
const announceStored = (): Promise<void> => Promise.resolve();

/** A commit this recent shows that the store can be written, so that a flood of pings is not a flood of writes. */
const PROOF_OF_WRITING_MS = 5_000;

export interface SqliteEngineParts {
  readonly writer: ThreadedConnection;
  readonly reader: SqliteConnection;
  readonly files: FileWatch;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger | undefined;
}

export class SqliteEngine implements Engine {
  readonly clock: Clock;
  readonly random: Random;
  readonly #logger: Logger | undefined;
  readonly #files: FileWatch;
  readonly #connection: SqliteConnection;
  readonly #readerDriver: ReaderDriver;
  readonly #writerDriver: WriterDriver;
  readonly #reader: Kysely<Tables>;
  readonly #writer: Kysely<Tables>;
  #latestTime = 0;
  #lastCommit = 0;
  #closing: Promise<void> | undefined;

  constructor({ writer, reader, files, clock, random, logger }: SqliteEngineParts) {
    this.random = random;
    this.clock = clock;
    this.#logger = logger;
    this.#files = files;
    this.#connection = reader;
    this.#readerDriver = new ReaderDriver(reader);
    this.#writerDriver = new WriterDriver(writer, clock, files);
    this.#reader = new Kysely({ dialect: new NodeSqliteDialect(this.#readerDriver) });
    this.#writer = new Kysely({ dialect: new NodeSqliteDialect(this.#writerDriver) });
  }

  /** The column says it of itself. */
  caseless(name: RawBuilder<string>): RawBuilder<string> {
    return name;
  }

  async read<T>(query: (db: Db, now: RawBuilder<number>) => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await query(this.#reader, sql.val(this.#now()));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async first<Row>(query: (db: Db) => CompiledQuery<Row>): Promise<Row | undefined> {
    this.#assertOpen();
    try {
      return this.#connection.first(query(this.#reader));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** Only the writing connections commit, so the reading one sees each commit as somebody else's. */
  async changeMark(): Promise<unknown> {
    this.#assertOpen();
    try {
      return this.#connection.dataVersion();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      const result = await this.#writer
        .transaction()
        .execute((db) => work({ db, now: this.#now(), json: sqliteJson, sha256OfLines, announceStored }));
      this.#lastCommit = this.#now();
      return result;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async ping(): Promise<void> {
    await this.read((db) => sql`select 1`.execute(db));
    if (this.#now() - this.#lastCommit < PROOF_OF_WRITING_MS) {
      this.#assertInPlace();
      return;
    }
    await this.write(async ({ db, now }) => {
      await db
        .insertInto("settings")
        .values({ key: "last_ping", value: "", updated_at: now })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ updated_at: now }))
        .execute();
    });
  }

  /** This machine's: there is no other. */
  time(): Promise<number> {
    return Promise.resolve(this.clock.now());
  }

  close(): Promise<void> {
    // Past Kysely, whose `destroy` leaves a connection open that was never used. The writer goes last: the last one to
    // close moves the log into the database.
    this.#closing ??= this.#readerDriver.destroy().then(() => this.#writerDriver.destroy());
    return this.#closing;
  }

  // A clock that jumps back must not bring an expired link back to life (`security.md` 12).
  #now(): number {
    this.#latestTime = Math.max(this.#latestTime, this.clock.now());
    return this.#latestTime;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) {
      throw unavailable(new Error("the store is closed"));
    }
  }

  #assertInPlace(): void {
    this.#files.assertInPlace();
  }

  #translate(error: unknown): unknown {
    const code = sqliteCode(error);
    if (code !== null) {
      this.#lastCommit = 0;
      this.#logger?.error("store_failed", { sqlite_code: code });
    }
    return fromEngine(error);
  }
}
