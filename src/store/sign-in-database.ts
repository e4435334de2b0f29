import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
} from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** What the sign-in library gets of a store: its four tables lie beside all others. */
export interface SignInDatabase {
  readonly db: Kysely<Tables>;
  readonly type: "sqlite";
  /** The library may not hold transactions; what has to be atomic is a method of the store. */
  readonly transaction: false;
}

/**
 * The library keeps a transaction open across awaits: on a shared handle, acknowledged writes of others went with its
 * rollback, and on a handle of its own its writes met their lock. Here each of its statements is a transaction of the
 * engine, in turn with everyone else's.
 *
 * @param dialectOf the engine's SQL around a driver
 */
export function signInDatabase(engine: Engine, dialectOf: (driver: Driver) => Dialect): SignInDatabase {
  const db = new Kysely<Tables>({ dialect: dialectOf(new StatementDriver(new StatementConnection(engine))) });
  return { db, type: "sqlite", transaction: false };
}

const WRITING = new Set(["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode"]);

class StatementConnection implements DatabaseConnection {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Whatever does not say that it writes goes to the reading connection, which could not. */
  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return WRITING.has(query.query.kind)
      ? this.#engine.write(({ db }) => db.executeQuery<R>(query as CompiledQuery<R>))
      : this.#engine.read((db) => db.executeQuery<R>(query as CompiledQuery<R>));
  }

  // oxlint-disable-next-line require-yield -- the port needs the method; nothing streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw refused();
  }
}

/** Hands out the one connection to whoever asks: the engine gives each statement its turn. */
class StatementDriver implements Driver {
  readonly #connection: StatementConnection;

  constructor(connection: StatementConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    throw refused();
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async destroy(): Promise<void> {}
}

function refused(): KeywardError {
  return new KeywardError("internal", { message: "The sign-in library gets single statements only." });
}
