import { fork } from "node:child_process";
import { once } from "node:events";

/** Of a server's configuration, by name. */
export type Settings = Readonly<Record<string, string>>;

/**
 * - `fast`: whoever is connected is cut off, and what is not committed rolled back; then all is written down.
 * - `immediate`: as after a crash. The next start has to recover from the write-ahead log.
 */
export type Shutdown = "fast" | "immediate";

/** What the process of a server is asked for, and answers. */
export type Order = "start" | Shutdown;
export type Answer = { readonly url: string } | { readonly error: string };

/** A PostgreSQL server that belongs to this process and ends with it. */
export interface PostgresServer {
  /** Of its own, empty database, as its superuser. */
  readonly url: string;
  stop(how: Shutdown): Promise<void>;
  /** On the same port, with the same data. @returns when it takes connections */
  start(): Promise<void>;
  /** Ends it for good; nothing of it remains. */
  close(): Promise<void>;
}

export async function startPostgres(settings: Settings = {}): Promise<PostgresServer> {
  const child = fork(new URL("server-child.ts", import.meta.url), [JSON.stringify(settings)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });

  async function close(): Promise<void> {
    if (child.connected) {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    }
  }

  async function answered(): Promise<string> {
    const heard = new AbortController();
    const { signal } = heard;
    const ended = once(child, "exit", { signal }).then((): [Answer] => [{ error: "its process ended" }]);
    const [answer] = (await Promise.race([once(child, "message", { signal }), ended])) as [Answer];
    ended.catch(() => undefined);
    heard.abort();
    if ("error" in answer) {
      await close();
      throw new Error(`PostgreSQL did not do it: ${answer.error}`);
    }
    return answer.url;
  }

  async function order(what: Order): Promise<void> {
    child.send(what);
    await answered();
  }

  return { url: await answered(), stop: order, start: () => order("start"), close };
}
