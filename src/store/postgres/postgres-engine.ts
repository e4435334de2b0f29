import { type CompiledQuery, Kysely, sql, type RawBuilder } from "kysely";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import { type Db, type Engine, type Tx, unavailable } from "../engine.ts";
import type { Tables } from "../tables.ts";
import type { Announcements } from "./announcements.ts";
import type { Connections } from "./connections.ts";
import { PostgresDialect, StatementDriver } from "./dialect.ts";
import { postgresJson } from "./json.ts";
import { ConnectionError, fromEngine, isConflict, isWorthAnotherTry, sqlState } from "./postgres-error.ts";
import { sha256OfLines } from "./sha256-lines.ts";
import type { Statements } from "./statements.ts";
import { type Progress, runTransaction } from "./transaction.ts";
import { Turn } from "./turn.ts";
import { areStorable } from "./values.ts";

const MAX_RETRIES = 3;
const SERVER_NOW = sql<number>`(extract(epoch from statement_timestamp()) * 1000)::int8`;

export interface PostgresEngineParts {
  readonly connections: Connections;
  readonly announcements: Announcements;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger | undefined;
  /** In the place of the server's own time; null = the server's. */
  readonly serverTime: (() => number) | null;
}

export class PostgresEngine implements Engine {
  readonly clock: Clock;
  readonly random: Random;
  readonly #logger: Logger | undefined;
  readonly #connections: Connections;
  readonly #announcements: Announcements;
  readonly #statements: Statements;
  readonly #serverTime: (() => number) | null;
  readonly #reader: Kysely<Tables>;
  /** Of the writers of this process, one asks the database for the lock: the others would hold connections to wait on. */
  readonly #turn = new Turn();
  #latestTime = 0;
  #closing: Promise<void> | undefined;

  constructor({ connections, announcements, statements, clock, random, logger, serverTime }: PostgresEngineParts) {
    this.clock = clock;
    this.random = random;
    this.#logger = logger;
    this.#connections = connections;
    this.#announcements = announcements;
    this.#statements = statements;
    this.#serverTime = serverTime;
    const driver = new StatementDriver((query) => connections.read(query));
    this.#reader = new Kysely({ dialect: new PostgresDialect(driver) });
  }

  caseless(name: RawBuilder<string>): RawBuilder<string> {
    return sql<string>`lower(${name})`;
  }

  async read<T>(query: (db: Db, now: RawBuilder<number>) => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await query(this.#reader, this.#nowExpression());
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async first<Row>(query: (db: Db) => CompiledQuery<Row>): Promise<Row | undefined> {
    this.#assertOpen();
    const compiled = query(this.#reader);
    if (!areStorable(compiled.parameters)) {
      // No row can hold such a text.
      return undefined;
    }
    try {
      return await this.#connections.first(compiled);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** A new one each time. Another replica's commit is known by asking, and asking costs what the read costs. */
  async changeMark(): Promise<unknown> {
    this.#assertOpen();
    return {};
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await this.#turn.take(() => this.#writeInTurn(work));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /** On both kinds of connections: the reads of a call have one of their own, which comes back in its own time. */
  async ping(): Promise<void> {
    await this.first((db) => sql`select 1`.compile(db));
    const result = await this.read((db) =>
      sql<{ readonly is_read_only: number }>`
        select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as is_read_only
      `.execute(db),
    );
    if (result.rows[0]?.is_read_only !== 0) {
      throw unavailable(new Error("the database takes no writes"));
    }
  }

  /** As it is, also when it has jumped back. */
  async time(): Promise<number> {
    if (this.#serverTime !== null) {
      return this.#serverTime();
    }
    const { rows } = await this.read((db) => sql<{ readonly now: number }>`select ${SERVER_NOW} as now`.execute(db));
    return rows[0]?.now ?? 0;
  }

  close(): Promise<void> {
    this.#closing ??= this.#turn
      .take(() => Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#connections.close([this.#announcements]));
    return this.#closing;
  }

  async #writeInTurn<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let retries = 0; ; retries += 1) {
      const progress: Progress = { isCommitting: false };
      try {
        return await this.#connections.use((lease) =>
          runTransaction(lease, this.#statements, progress, (db, serverNow) =>
            work({
              db,
              now: this.#latest(this.#serverTime?.() ?? serverNow),
              json: postgresJson,
              sha256OfLines,
              announceStored: (binding) => this.#announcements.tell(db, binding),
            }),
          ),
        );
      } catch (error) {
        if (!mayRetry(error, progress, retries)) {
          throw error;
        }
      }
    }
  }

  // A server's clock that jumps back must not bring an expired link back to life (`security.md` 12).
  #nowExpression(): RawBuilder<number> {
    if (this.#serverTime !== null) {
      return sql.val(this.#latest(this.#serverTime()));
    }
    return sql<number>`greatest(${SERVER_NOW}, ${this.#latestTime})`;
  }

  #latest(time: number): number {
    this.#latestTime = Math.max(this.#latestTime, time);
    return this.#latestTime;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) {
      throw unavailable(new Error("the store is closed"));
    }
  }

  #translate(error: unknown): unknown {
    const state = sqlState(error);
    if (state !== null || error instanceof ConnectionError) {
      this.#logger?.error("store_failed", { sql_state: state });
    }
    return fromEngine(error);
  }
}

/**
 * A conflict has rolled back. A connection that broke before COMMIT was sent took its transaction with it: once more, on
 * another one. From then on nobody can know, and what was not known to succeed is never done twice.
 */
function mayRetry(error: unknown, { isCommitting }: Progress, retries: number): boolean {
  if (isConflict(error)) {
    return retries < MAX_RETRIES;
  }
  return isWorthAnotherTry(error) && !isCommitting && retries < 1;
}
