import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { runAt } from "../test/helpers/postgres/run-at.ts";
import { cpuOfServer, serverOf } from "./server-cpu.ts";

export type EngineName = "SQLite" | "PostgreSQL";

/** A database of one deployment with the key for it, and what is done to it behind Keyward's back. */
export interface Deployment {
  readonly engine: EngineName;
  /** For files of whoever works on it: its log, a SQLite database. */
  readonly folder: string;
  /** Configures Keyward for it. */
  readonly env: Readonly<Record<string, string>>;
  /** @returns the first row of a query that both engines understand */
  readRow<Row>(sql: string): Promise<Row>;
  /**
   * Old rows have been on the disk for long, and the engine knows them: what is measured must not wait for the writing of
   * its preparation.
   */
  settle(): Promise<void>;
  /** CPU in microseconds that its database server has used so far; NaN where there is none, or nobody tells. */
  serverCpuUs(): number;
}

export function sqliteDeployment(folder: string): Deployment {
  const path = join(folder, "keyward.db");
  const withDatabase = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path, { timeout: 5_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    engine: "SQLite",
    folder,
    env: { KEYWARD_DATABASE_URL: `sqlite:${path}`, ...newKey() },
    readRow: async <Row>(sql: string) => withDatabase((database) => database.prepare(sql).get()) as Row,
    settle: async () => withDatabase((database) => database.exec("pragma wal_checkpoint(truncate)")),
    serverCpuUs: () => Number.NaN,
  };
}

/** @param serverUrl of the server's own database; that of the deployment is made beside it, and ends with the server */
export async function postgresDeployment(folder: string, serverUrl: string): Promise<Deployment> {
  const name = `bench_${randomBytes(8).toString("hex")}`;
  await runAt(serverUrl, `create database ${name} template template0 encoding 'UTF8'`);
  // Long-lived, and a child of the first process of the server, as its backends are.
  const [checkpointer] = await runAt(serverUrl, "select pid from pg_stat_activity where backend_type = 'checkpointer'");
  const server = serverOf((checkpointer as { readonly pid: number }).pid);
  const address = new URL(serverUrl);
  address.pathname = `/${name}`;
  const url = address.href;
  return {
    engine: "PostgreSQL",
    folder,
    env: { KEYWARD_DATABASE_URL: url, ...newKey() },
    readRow: async <Row>(sql: string) => (await runAt(url, sql))[0] as Row,
    async settle() {
      await runAt(url, "vacuum (analyze)");
      await runAt(url, "checkpoint");
    },
    serverCpuUs: () => cpuOfServer(server),
  };
}

function newKey(): Readonly<Record<string, string>> {
  return { KEYWARD_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
}
