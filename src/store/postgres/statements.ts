import type { CompiledQuery, QueryResult } from "kysely";
import type { PgClient, PgResult } from "./pg-client.ts";
import { fromDriver, fromStatement } from "./postgres-error.ts";
import { assertStorable } from "./values.ts";

/** The server keeps a plan for each name on each connection. Statements beyond that are planned each time. */
const MAX_NAMES = 512;

/** Told the text of each statement before it runs: placeholders, never values. */
export type StatementListener = (sql: string) => void;

/** How statements are sent, on whichever connection. */
export class Statements {
  readonly #names = new Map<string, string>();
  readonly #onStatement: StatementListener | undefined;

  constructor(onStatement: StatementListener | undefined) {
    this.#onStatement = onStatement;
  }

  /** @param timeoutMs how long to wait for the answer; default: as the connection has it */
  async run<R>(
    client: Pick<PgClient, "query">,
    { sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">,
    timeoutMs?: number,
  ): Promise<QueryResult<R>> {
    assertStorable(parameters);
    this.#onStatement?.(sql);
    const name = this.#nameOf(sql);
    const result = await ask(client, {
      text: sql,
      values: [...parameters],
      ...(name === null ? {} : { name }),
      ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
    });
    return toResult(result);
  }

  /** Statements without parameters, several in one text. @returns the rows and command of the last one */
  async script(client: Pick<PgClient, "query">, sql: string, timeoutMs: number): Promise<PgResult> {
    this.#onStatement?.(sql);
    const results: PgResult | readonly PgResult[] = await ask(client, { text: sql, query_timeout: timeoutMs });
    const last = Array.isArray(results) ? (results as readonly PgResult[]).at(-1) : results;
    return last ?? { command: "", rowCount: 0, rows: [] };
  }

  #nameOf(sql: string): string | null {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= MAX_NAMES) {
      return known ?? null;
    }
    const name = `keyward_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

async function ask(client: Pick<PgClient, "query">, query: Parameters<PgClient["query"]>[0]): Promise<PgResult> {
  try {
    return await client.query(query);
  } catch (error) {
    throw fromStatement(fromDriver(error));
  }
}

const CHANGING: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

function toResult<R>({ command, rowCount, rows }: PgResult): QueryResult<R> {
  const changed = CHANGING.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0) } : {};
  return { rows: rows as R[], ...changed };
}
