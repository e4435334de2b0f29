import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Answer, Usage } from "./measured.ts";

/** A process of the bench: a gateway, a floor or the upstream. Ends with `stop()`, or with its parent. */
export interface Child {
  /** Where it listens. */
  readonly url: string;
  /** @throws Error with what the child threw, or that it has ended */
  ask<T>(name: string, argument?: unknown): Promise<T>;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
  /** At once, without waiting for anything. */
  kill(): void;
}

export interface ChildOptions {
  /** Sent to the child when it has started. */
  readonly arguments?: object;
  readonly execArgv?: readonly string[];
  /** File for what the child writes to standard error; default: the bench's own standard error. */
  readonly log?: string;
}

const STOP_MS = 5_000;

/** @param file relative to `bench/` */
export async function startChild(file: string, options: ChildOptions = {}): Promise<Child> {
  const log = options.log === undefined ? "inherit" : openSync(options.log, "a");
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: [...(options.execArgv ?? [])],
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
    stdio: ["ignore", "inherit", log, "ipc"],
    serialization: "advanced",
  });
  if (typeof log === "number") {
    closeSync(log);
  }
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once("exit", (code, signal) => {
    const said = options.log === undefined ? "" : readFileSync(options.log, "utf8").slice(-2_000);
    for (const [id, settle] of waiting) settle({ id, error: `${file} ended with ${code ?? signal}. ${said}` });
  });
  let count = 0;
  const answerTo = <T>(id: number): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value as T) : reject(new Error(error))));
    });
  const ready = answerTo<{ readonly url: string }>(0);
  child.send(options.arguments ?? {});
  const { url } = await ready;
  const ask = <T>(name: string, argument?: unknown): Promise<T> => {
    count += 1;
    const answer = answerTo<T>(count);
    child.send({ id: count, name, argument });
    return answer;
  };
  return {
    url,
    ask,
    usage: () => ask<Usage>("usage"),
    stop: () => endOf(child),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Asks a process to end, and kills it when it does not. */
export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = once(child, "exit");
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(kill);
}
