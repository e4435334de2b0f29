import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, type ChildOptions, endOf, startChild } from "./child.ts";
import { expectedKey, KEY_HEADER } from "./calls.ts";
import { startDatabaseServer } from "./database-server.ts";
import { type Deployment, type EngineName, postgresDeployment, sqliteDeployment } from "./deployment.ts";
import type { KeywardArguments } from "./keyward.ts";
import { LoadClient } from "./load.ts";

const ADMIN_TOKEN = "bench-admin-token-0123456789abcdef0123456789";
const ENVIRONMENT = { KEYWARD_ADMIN_TOKEN: ADMIN_TOKEN, KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1" };

/** A running Keyward. */
export interface BenchKeyward extends Child {
  readonly deployment: Deployment;
  /** Registers an upstream that wants a key of each identity; every identity may use it. @returns its id */
  register(name: string, upstreamUrl: string): Promise<string>;
  /** A REST call as the administrator. @throws Error when it is refused */
  admin(method: string, path: string, body: unknown): Promise<unknown>;
}

const open = new Set<Bed>();

// Whatever ends the bench: a signal, an error, its own time limit.
process.on("exit", () => {
  for (const bed of open) bed.abandon();
});

/** Everything that a row has started or made: it is all gone after `close()`, whatever happened between. */
export class Bed {
  readonly #folder = mkdtempSync(join(tmpdir(), "keyward-bench-"));
  readonly #children: Child[] = [];
  readonly #processes: ChildProcess[] = [];
  readonly #clients: LoadClient[] = [];
  #server: ReturnType<typeof startDatabaseServer> | undefined;
  #deployments = 0;

  constructor() {
    open.add(this);
  }

  /** An empty database with a new key. Those on PostgreSQL share one server, which the first of them starts. */
  async deploy(engine: EngineName): Promise<Deployment> {
    this.#deployments += 1;
    const folder = join(this.#folder, String(this.#deployments));
    mkdirSync(folder);
    if (engine === "SQLite") {
      return sqliteDeployment(folder);
    }
    this.#server ??= startDatabaseServer();
    return postgresDeployment(folder, (await this.#server).url);
  }

  async start(file: string, options?: ChildOptions): Promise<Child> {
    const child = await startChild(file, options);
    this.#children.push(child);
    return child;
  }

  /** A program that knows nothing of the bench. */
  spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn(process.execPath, args, options);
    this.#processes.push(child);
    return child;
  }

  /** Several on one deployment are its replicas. */
  async startKeyward(
    deployment: Deployment,
    { execArgv = [] }: { readonly execArgv?: readonly string[] } = {},
  ): Promise<BenchKeyward> {
    const child = await this.start("keyward.ts", {
      arguments: { env: { ...ENVIRONMENT, ...deployment.env } } satisfies KeywardArguments,
      execArgv,
      log: join(deployment.folder, "keyward.log"),
    });
    const admin = (method: string, path: string, body: unknown) => callAsAdmin(child.url + path, method, body);
    return {
      ...child,
      deployment,
      admin,
      async register(name, upstreamUrl) {
        const created = await admin("POST", "/api/v1/servers", {
          name,
          url: upstreamUrl,
          auth_type: "per_user_headers",
          header_schema: [{ name: KEY_HEADER }],
          sample_headers: { [KEY_HEADER]: expectedKey("sample") },
          allow_all_identities: true,
        });
        return (created as { readonly id: string }).id;
      },
    };
  }

  /** @param connections at most as many are open at once */
  client(origin: string, connections: number): LoadClient {
    const client = new LoadClient(origin, connections);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#clients.splice(0).map((client) => client.close()));
    await Promise.allSettled(this.#children.splice(0).map((child) => child.stop()));
    await Promise.allSettled(this.#processes.splice(0).map((child) => endOf(child)));
    await this.#server?.then(
      (server) => server.close(),
      // Whoever wanted it has been told.
      () => undefined,
    );
    rmSync(this.#folder, { recursive: true, force: true });
    open.delete(this);
  }

  /** What can still be done when the bench itself ends. A database server sees that, and ends by itself. */
  abandon(): void {
    for (const child of this.#children) child.kill();
    for (const child of this.#processes) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function callAsAdmin(url: string, method: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  }
  return JSON.parse(text);
}
