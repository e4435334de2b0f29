import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { keptPort } from "../free-port.ts";
import { findPostgres, linkLibraries } from "./binaries.ts";
import type { Answer, Order, Settings, Shutdown } from "./server.ts";

/*
 * A PostgreSQL of its own, in a folder of its own, until the parent process is gone or does not want it any more. A
 * process and not a function: a test run that is killed leaves no server behind.
 */

/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const READY_WITHIN_MS = 30_000;

/**
 * What is thrown away needs no disk. That holds for a server that crashes as well: what it has written is with the
 * kernel, and only a machine that crashes would lose it. A private socket folder, because /var/run is somebody else's.
 */
const SETTINGS: Settings = {
  fsync: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "32MB",
  listen_addresses: "127.0.0.1",
};

/** https://www.postgresql.org/docs/current/server-shutdown.html */
const SIGNALS: Readonly<Record<Shutdown, NodeJS.Signals>> = { fast: "SIGINT", immediate: "SIGQUIT" };

const settings = { ...SETTINGS, ...(JSON.parse(process.argv[2] ?? "{}") as Settings) };
const folder = mkdtempSync(join(tmpdir(), "keyward-postgres-"));
const [data, sockets] = [join(folder, "data"), join(folder, "sockets")];
const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const environment = { LC_ALL: "C", TZ: "UTC", PATH: process.env["PATH"] };
const prepared = prepare();
let server: ChildProcess | null = null;

process.on("message", (order: Order) => void answer(order === "start" ? start() : stop(order)));
process.on("disconnect", () => {
  // Nothing in it is worth a checkpoint.
  void stop("immediate").then(() => {
    // Its last processes may still be at it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    process.exit();
  });
});
// Ctrl-C goes to the whole group; the end of the parent says what to do.
process.on("SIGINT", () => {});

await answer(start());

async function answer(work: Promise<void>): Promise<void> {
  const said: Answer = await work
    .then(() => prepared)
    .then(
      ({ url }) => ({ url }),
      (error: unknown) => ({ error: String(error) }),
    );
  if (process.connected) {
    process.send?.(said);
  }
}

/** Where its programs are, and where it will be. */
async function prepare(): Promise<{ readonly bin: string; readonly port: number; readonly url: string }> {
  const bin = prepareBinaries();
  for (const path of [data, sockets]) {
    mkdirSync(path, { mode: 0o700 });
    if (owner.uid !== undefined) {
      chownSync(path, owner.uid, owner.gid);
    }
  }
  const args = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(bin, "initdb"), args, { ...owner, cwd: folder, env: environment, stdio: "ignore" });
  const port = await keptPort();
  return { bin, port, url: `postgres://postgres@127.0.0.1:${port}/postgres` };
}

async function start(): Promise<void> {
  const { bin, port, url } = await prepared;
  if (!process.connected) {
    return;
  }
  const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const started = spawn(join(bin, "postgres"), ["-D", data, "-k", sockets, "-p", String(port), ...given], {
    ...owner,
    cwd: folder,
    env: environment,
    stdio: "ignore",
  });
  server = started;
  started.once("exit", () => {
    server = null;
  });
  await answers(url);
}

async function stop(how: Shutdown): Promise<void> {
  if (server !== null) {
    const ended = once(server, "exit");
    server.kill(SIGNALS[how]);
    await ended;
  }
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
      if (Date.now() > end || server === null) {
        throw error;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
}
