import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { findPostgres } from "./binaries.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where a test asks for a PostgreSQL server; the first one to ask has it started. null = there is none. */
    readonly postgresLauncher: string | null;
  }
}

interface Started {
  readonly url?: string;
  readonly error?: string;
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
  let child: ChildProcess | undefined;
  let started: Promise<Started> | undefined;

  async function start(): Promise<Started> {
    if (given !== undefined) {
      return { url: given };
    }
    child = fork(new URL("server-child.ts", import.meta.url), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const [message] = (await once(child, "message")) as [Started];
    return message;
  }

  const launcher = createServer((_, response) => {
    started ??= start();
    started.then((answer) => response.end(JSON.stringify(answer))).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(launcher, "listening");
  project.provide("postgresLauncher", `http://127.0.0.1:${(launcher.address() as AddressInfo).port}/`);

  return async () => {
    launcher.closeAllConnections();
    launcher.close();
    await started?.catch(() => undefined);
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    }
  };
}
