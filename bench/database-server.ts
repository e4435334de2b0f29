import { findPostgres } from "../test/helpers/postgres/binaries.ts";
import { runAt } from "../test/helpers/postgres/run-at.ts";
import { type PostgresServer, startPostgres } from "../test/helpers/postgres/server.ts";

/** Each commit is on the disk before it is acknowledged, as in production; the rest is as PostgreSQL has it by default. */
const SETTINGS = { fsync: "on", full_page_writes: "on", synchronous_commit: "on", shared_buffers: "128MB" };

let description: string | null = null;

export function isPostgresThere(): boolean {
  return findPostgres() !== null;
}

/** Version and settings, as the server said itself; null when none was started. */
export function describeDatabaseServer(): string | null {
  return description;
}

/** A PostgreSQL of the bench's own, on loopback. */
export async function startDatabaseServer(): Promise<PostgresServer> {
  const server = await startPostgres(SETTINGS);
  const names = Object.keys(SETTINGS).map((name) => `current_setting('${name}') as ${name}`);
  const [told] = await runAt(server.url, `select current_setting('server_version') as version, ${names.join(", ")}`);
  const { version, ...settings } = told as Readonly<Record<string, string>>;
  description = `PostgreSQL ${version}, ${Object.entries(settings)
    .map((setting) => setting.join(" "))
    .join(", ")}`;
  return server;
}
