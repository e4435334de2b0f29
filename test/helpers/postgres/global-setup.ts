import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { findPostgres } from "./binaries.ts";
import { type PostgresServer, startPostgres } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where a test asks for a PostgreSQL server; the first one to ask has it started. null = there is none. */
    readonly postgresLauncher: string | null;
  }
}

/** One server for the whole run, started by the first test that asks and stopped at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given === undefined && findPostgres() === null) {
    process.stderr.write(
      "\nNo PostgreSQL on this machine: the tests on it are SKIPPED. Install one, or set TEST_DATABASE_URL.\n",
    );
    project.provide("postgresLauncher", null);
    return async () => {};
  }
  let server: Promise<PostgresServer> | undefined;

  async function start(): Promise<string> {
    if (given !== undefined) {
      return given;
    }
    server ??= startPostgres();
    return (await server).url;
  }

  const launcher = createServer((_, response) => {
    start().then(
      (url) => response.end(JSON.stringify({ url })),
      (error: unknown) => response.end(JSON.stringify({ error: String(error) })),
    );
  }).listen(0, "127.0.0.1");
  await once(launcher, "listening");
  project.provide("postgresLauncher", `http://127.0.0.1:${(launcher.address() as AddressInfo).port}/`);

  return async () => {
    launcher.closeAllConnections();
    launcher.close();
    await server?.then(
      (started) => started.close(),
      () => undefined,
    );
  };
}
