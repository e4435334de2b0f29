import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { CompiledQuery, type DatabaseConnection, type QueryResult } from "kysely";
import { KeywardError } from "../../core/errors.ts";
import { defineSha256OfLines } from "./sha256-lines.ts";
import { fromStatement } from "./sqlite-error.ts";

/** Preparing costs as much as running: with the cache a point read takes half the time. */
const STATEMENT_CACHE_SIZE = 256;

const DATA_VERSION: CompiledQuery<{ readonly data_version: number }> = CompiledQuery.raw("pragma data_version");

/** Told the text of each statement before it runs: placeholders, never values. */
export type StatementListener = (sql: string) => void;

export interface ConnectionOptions {
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly onStatement?: StatementListener | undefined;
}

interface PointStatement {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
}

/**
 * One connection of `node:sqlite`, as Kysely wants it. Each statement runs to its end before the call returns, so
 * statements never overlap on a connection.
 */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, { readonly statement: StatementSync; readonly returnsRows: boolean }>();
  /** Statements of `first`: as many as the program has. */
  readonly #points = new Map<string, PointStatement>();
  readonly #onStatement: StatementListener | undefined;

  constructor({ path, isReadOnly, onStatement }: ConnectionOptions) {
    this.#database = new DatabaseSync(path, {
      readOnly: isReadOnly,
      // A reader waits only while another process recovers the log. The writer waits in `whileBusy`.
      timeout: isReadOnly ? 5000 : 0,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
    });
    defineSha256OfLines(this.#database);
    this.#onStatement = onStatement;
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Statements without parameters and rows: pragmas, migrations, BEGIN. */
  exec(sql: string): void {
    this.#onStatement?.(sql);
    this.#database.exec(sql);
  }

  /** Runs one statement. @returns its rows, and how many rows it changed */
  run(sql: string, parameters: readonly unknown[]): { readonly rows: unknown[]; readonly changes: bigint } {
    this.#onStatement?.(sql);
    const { statement, returnsRows } = this.#prepare(sql);
    const values = parameters as readonly SQLInputValue[];
    if (returnsRows) {
      const rows = statement.all(...values);
      return { rows, changes: BigInt(rows.length) };
    }
    return { rows: [], changes: BigInt(statement.run(...values).changes) };
  }

  /**
   * Runs a reading statement that names its columns. @returns its first row
   *
   * The driver's own row objects are slow to make and slower to read: half the time of a point read.
   */
  first<R>({ sql, parameters }: CompiledQuery<R>): R | undefined {
    this.#onStatement?.(sql);
    const { statement, columns } = this.#points.get(sql) ?? this.#preparePoint(sql);
    const values = statement.get(...(parameters as readonly SQLInputValue[])) as readonly unknown[] | undefined;
    if (values === undefined) {
      return undefined;
    }
    const row: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i += 1) {
      row[columns[i] ?? ""] = values[i];
    }
    return row as R;
  }

  /** A number that changes exactly when another connection, of this process or another, has committed. */
  dataVersion(): unknown {
    return this.first(DATA_VERSION)?.data_version;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { rows, changes } = this.run(query.sql, query.parameters);
      return { rows: rows as R[], numAffectedRows: changes };
    } catch (error) {
      throw fromStatement(error);
    }
  }

  // oxlint-disable-next-line require-yield -- the port needs the method; no query of this store streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new KeywardError("internal", { message: "No query of this store streams." });
  }

  close(): void {
    this.#statements.clear();
    this.#points.clear();
    if (this.#database.isOpen) {
      this.#database.close();
    }
  }

  #preparePoint(sql: string): PointStatement {
    // A migration by a newer program would move the columns behind a `*`, and each value would get its neighbour's name.
    if (sql.includes("*")) {
      throw new KeywardError("internal", { message: "A prepared query names its columns." });
    }
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const point = { statement, columns: statement.columns().map(({ name }) => name) };
    this.#points.set(sql, point);
    return point;
  }

  #prepare(sql: string) {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) {
      // The map keeps the order of insertion: what was used last moves to its end, and the first one falls out.
      this.#statements.delete(sql);
      this.#statements.set(sql, cached);
      return cached;
    }
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    if (this.#statements.size > STATEMENT_CACHE_SIZE) {
      const [oldest] = this.#statements.keys();
      this.#statements.delete(oldest ?? "");
    }
    return prepared;
  }
}
