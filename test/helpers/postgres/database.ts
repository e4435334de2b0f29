import { randomBytes } from "node:crypto";
import { afterAll, inject } from "vitest";
import { findPostgres } from "./binaries.ts";
import { runAt } from "./run-at.ts";

/** Whether tests on PostgreSQL can run here. Why not has been said at the start of the run. */
export const isPostgresThere: boolean = inject("postgresLauncher") !== null;

/** Whether a test can have a server of its own, and not only a database on one that was given. */
export const canStartPostgres: boolean = findPostgres() !== null;

/** An empty database of its own, for one test. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** As the superuser: what happens behind Keyward's back. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Whoever is still connected is cut off. */
  drop(): Promise<void>;
}

const created = new Set<string>();

// Those that no test has dropped: of tests that failed, and templates.
afterAll(async () => {
  for (const name of created) {
    await (await connectTo(name)).drop();
  }
}, 120_000);

let server: Promise<string> | undefined;

/** The URL of the server's own database. */
function postgresServer(): Promise<string> {
  server ??= askLauncher();
  return server;
}

async function askLauncher(): Promise<string> {
  const launcher = inject("postgresLauncher");
  if (launcher === null) {
    throw new Error("there is no PostgreSQL: the test should have been skipped");
  }
  const { url, error } = (await (await fetch(launcher)).json()) as { readonly url?: string; readonly error?: string };
  if (url === undefined) {
    throw new Error(`PostgreSQL did not start: ${error}`);
  }
  return url;
}

/** @param template another database, which nobody is connected to, to copy; default: an empty one */
export async function createDatabase({
  template = "template0",
}: {
  readonly template?: string;
} = {}): Promise<TestDatabase> {
  const name = `keyward_test_${randomBytes(8).toString("hex")}`;
  await runAt(await postgresServer(), `create database ${name} template ${template} encoding 'UTF8'`);
  created.add(name);
  return connectTo(name);
}

/** One that has been created before. */
export async function connectTo(name: string): Promise<TestDatabase> {
  const serverUrl = await postgresServer();
  const address = new URL(serverUrl);
  address.pathname = `/${name}`;
  const url = address.href;
  return {
    name,
    url,
    query: (sql, values) => runAt(url, sql, values),
    async drop() {
      created.delete(name);
      await runAt(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}
