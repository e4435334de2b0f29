import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "../free-port.ts";
import { findPostgres, linkLibraries } from "./binaries.ts";
import type { Started } from "./server.ts";

/*
 * A PostgreSQL of its own, in a folder of its own, until the parent process says stop or is gone. A process and not a
 * function: a test run that is killed leaves no server behind.
 */

/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const READY_WITHIN_MS = 30_000;

/** What is thrown away needs no disk, unless who starts it says so. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "32MB",
  listen_addresses: "127.0.0.1",
  ...(JSON.parse(process.argv[2] ?? "{}") as Record<string, string>),
};

const folder = mkdtempSync(join(tmpdir(), "keyward-postgres-"));
let server: ChildProcess | undefined;

process.on("message", () => process.disconnect());
process.on("disconnect", () => {
  if (server === undefined || server.exitCode !== null) {
    removeFolder();
  } else {
    // Immediate shutdown: nothing in it is worth a checkpoint.
    server.once("exit", removeFolder).kill("SIGQUIT");
  }
});
// Ctrl-C goes to the whole group; the end of the parent says what to do.
process.on("SIGINT", () => {});

function removeFolder(): void {
  // Its last processes may still be at it.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  process.exit();
}

async function start(): Promise<string> {
  const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const bin = prepareBinaries();
  const [data, sockets] = [join(folder, "data"), join(folder, "sockets")];
  for (const path of [data, sockets]) {
    mkdirSync(path, { mode: 0o700 });
    if (owner.uid !== undefined) {
      chownSync(path, owner.uid, owner.gid);
    }
  }
  const environment = { LC_ALL: "C", TZ: "UTC", PATH: process.env["PATH"] };
  const initialize = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(bin, "initdb"), initialize, { ...owner, cwd: folder, env: environment, stdio: "ignore" });
  const port = await freePort();
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // A private folder for its socket, because /var/run belongs to somebody else.
  server = spawn(join(bin, "postgres"), ["-D", data, "-k", sockets, "-p", String(port), ...settings], {
    ...owner,
    cwd: folder,
    env: environment,
    stdio: "ignore",
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await answers(url);
  return url;
}

/** A copy, so that `nobody` can read it wherever the repository lies. */
function prepareBinaries(): string {
  const found = findPostgres();
  if (found === null) {
    throw new Error("there is no PostgreSQL");
  }
  // The folder itself may be entered by the server's user.
  execFileSync("chmod", ["755", folder]);
  if (found.toCopy === null) {
    return found.folder;
  }
  const native = join(folder, "native");
  cpSync(found.toCopy, native, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith(".a") });
  linkLibraries(native);
  return join(native, "bin");
}

async function answers(url: string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > end || server?.exitCode !== null) {
        throw error;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
}

start().then(
  (url) => process.send?.({ url } satisfies Started),
  (error: unknown) => {
    process.send?.({ error: String(error) } satisfies Started);
    process.disconnect();
  },
);
