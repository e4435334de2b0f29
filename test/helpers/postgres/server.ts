import { fork } from "node:child_process";
import { once } from "node:events";

/** A PostgreSQL server of its own, with nothing in it. It ends with `close()`, or with this process. */
export interface PostgresServer {
  /** Of its own database, as the superuser. */
  readonly url: string;
  close(): Promise<void>;
}

/** What the server's process says of itself when it has started, or has not. */
export interface Started {
  readonly url?: string;
  readonly error?: string;
}

/**
 * @param settings of the server, in the place of those that suit tests: they save its disk, and would lose data
 * @throws Error when it did not start
 */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const child = fork(new URL("server-child.ts", import.meta.url), [JSON.stringify(settings)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });
  const ended = once(child, "exit");
  const [started] = (await Promise.race([once(child, "message"), ended.then(() => [{}])])) as [Started];
  const { url } = started;
  if (url === undefined) {
    throw new Error(`PostgreSQL did not start: ${started.error ?? "its process has ended"}`);
  }
  return {
    url,
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
