/*
 * The few things that this folder needs of the driver `pg`, so that its types stay out of every signature and it is
 * loaded only where a PostgreSQL is opened.
 */

interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** A name lets the server keep the plan, on that connection. */
  readonly name?: string;
  /** How long to wait for the answer, in milliseconds. The connection is of no use afterwards. */
  readonly query_timeout?: number;
}

export interface PgResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

export interface PgClient {
  connect(): Promise<unknown>;
  /** An array of results for a text of several statements. */
  query(query: PgQuery): Promise<PgResult>;
  end(): Promise<void>;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  on(event: "notification", listener: (message: { readonly payload?: string | undefined }) => void): unknown;
}

export interface PgPooledClient extends Pick<PgClient, "query" | "on"> {
  /** @param isBroken whether the connection is to be closed rather than used again */
  release(isBroken: boolean): void;
}

export interface PgPool {
  connect(): Promise<PgPooledClient>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: (client: PgPooledClient) => void): unknown;
}

export interface PgOptions {
  readonly connectionString: string;
  readonly application_name: string;
  readonly max?: number;
  readonly pipeline?: boolean;
  readonly connectionTimeoutMillis: number;
  readonly idleTimeoutMillis?: number;
  readonly keepAlive: true;
  readonly keepAliveInitialDelayMillis: number;
  readonly statement_timeout: number;
  readonly lock_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
  readonly query_timeout: number;
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

/** The module `pg`. */
export interface PgDriver {
  readonly Pool: new (options: PgOptions) => PgPool;
  readonly Client: new (options: PgOptions) => PgClient;
}
