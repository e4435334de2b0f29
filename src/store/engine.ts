import type { CompiledQuery, Kysely, RawBuilder, SqlBool, Transaction } from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { BindingColumns, Tables } from "./tables.ts";

export type Db = Kysely<Tables>;

/** What the queries of this folder need of a database engine. Whatever else differs stays inside the engine. */
export interface Engine {
  readonly clock: Clock;
  /** Source of credential ids. */
  readonly random: Random;
  /** What names that differ by letter case alone are sorted and compared by, where the schema takes them for one. */
  caseless(name: RawBuilder<string>): RawBuilder<string>;
  /**
   * Runs one reading statement. It sees every write that was acknowledged before.
   * @param query gets the engine's time as an expression, so that a server's own clock can judge expiry
   */
  read<T>(query: (db: Db, now: RawBuilder<number>) => Promise<T>): Promise<T>;
  /** The same for a query that is compiled already and finds at most one row: straight to the driver. */
  first<Row>(query: (db: Db) => CompiledQuery<Row>): Promise<Row | undefined>;
  /**
   * A mark of all that has been committed: two equal ones say that nobody, of this process or another, has committed
   * anything between the two calls. Costs less than a read. An engine that cannot tell gives a new mark each time.
   */
  changeMark(): Promise<unknown>;
  /**
   * Runs `work` as one transaction, wholly or not at all, durable when the promise resolves. What `work` reads stays
   * true until it ends: no other writer, of this process or another, comes in between.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** @throws KeywardError `credential_store_unavailable` unless the store can be read and written */
  ping(): Promise<void>;
  /** What the clock says by which the engine judges expiry; milliseconds since the epoch, UTC. */
  time(): Promise<number>;
  /** Waits for the transaction in progress. Safe to call twice. */
  close(): Promise<void>;
}

/** An open transaction. */
export interface Tx {
  readonly db: Transaction<Tables>;
  /** The engine's time, one for the whole transaction. Milliseconds since the epoch, UTC. */
  readonly now: number;
  readonly json: JsonSql;
  /** An aggregate: SHA-256, hex, over the texts of a group in their order, a line feed after each. */
  readonly sha256OfLines: (line: RawBuilder<string>) => RawBuilder<string>;
  /**
   * Tells other handles on the same data, once this is committed, that values have been stored. A hint, which may be lost;
   * an engine without a way to tell tells nobody.
   */
  announceStored(binding: BindingColumns): Promise<void>;
}

export type ColumnTypes<T extends object> = Readonly<Record<keyof T & string, "text" | "integer">>;

/** JSON in SQL, which every engine writes in its own way. */
export interface JsonSql {
  /** Whether the JSON array of texts in `column` holds each of `texts`. */
  holdsAll(column: string, texts: readonly string[]): RawBuilder<SqlBool>;
  /**
   * Objects as a derived table: one parameter and one statement, however many rows.
   * @param columns what each of them holds; where all rows have null, nothing else would tell
   */
  rows<T extends object>(rows: readonly T[], columns: ColumnTypes<T>): RawBuilder<T>;
}

/** A statement met a unique index. Engines throw it; only a caller that expects it may catch it. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
}

/** The store could not be asked. Never "there is none". */
export function unavailable(cause: unknown): KeywardError {
  return new KeywardError("credential_store_unavailable", { cause });
}
