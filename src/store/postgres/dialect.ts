import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
} from "kysely";
import { KeywardError } from "../../core/errors.ts";

/** Runs one statement. Who runs it, and on which connection, is decided by whoever makes one. */
export type RunStatement = <R>(query: CompiledQuery) => Promise<QueryResult<R>>;

/** Hands Kysely's statements on. Transactions are begun and ended by the engine, around it. */
export class PostgresDialect implements Dialect {
  readonly #driver: Driver;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): QueryCompiler {
    return new TypedQueryCompiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}

/** Says of each parameter what it is: between two of them, PostgreSQL could not tell which operator is meant. */
class TypedQueryCompiler extends PostgresQueryCompiler {
  protected override appendValue(parameter: unknown): void {
    super.appendValue(parameter);
    if (typeof parameter === "number") {
      this.append(Number.isInteger(parameter) ? "::int8" : "::float8");
    } else if (typeof parameter === "string") {
      this.append("::text");
    }
  }
}

export class StatementDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(run: RunStatement) {
    this.#connection = new StatementConnection(run);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {}

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async destroy(): Promise<void> {}
}

class StatementConnection implements DatabaseConnection {
  readonly #run: RunStatement;

  constructor(run: RunStatement) {
    this.#run = run;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#run<R>(query);
  }

  // oxlint-disable-next-line require-yield -- the port needs the method; no query of this store streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new KeywardError("internal", { message: "No query of this store streams." });
  }
}
