import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ADMIN_TOKEN } from "./test-gateway.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** Keyward as users run it: a process of its own. */
export interface KeywardProcess {
  readonly url: string;
  /** Standard output and standard error so far. */
  readonly output: () => string;
  kill(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
  /** Sends a signal and waits for nothing. */
  send(signal: "SIGTERM" | "SIGINT"): void;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const CLEAN_ENV = { PATH: process.env["PATH"] ?? "", KEYWARD_LOG_FORMAT: "json", KEYWARD_LOG_LEVEL: "debug" };

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  shellLimit = "",
): ChildProcess {
  const command =
    shellLimit === "" ? [process.execPath] : ["sh", "-c", `${shellLimit}; exec "$0" "$@"`, process.execPath];
  const [program = "", ...prefix] = command;
  return spawn(program, [...prefix, CLI, ...args], {
    env: { ...CLEAN_ENV, ...env },
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs a command to its end. */
export async function runKeyward(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** A limit that the shell sets first: `ulimit -f 100`. */
    readonly shellLimit?: string;
  },
): Promise<Finished> {
  const child = start(args, options.env ?? {}, options.cwd, options.shellLimit);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Starts the gateway on a free port and waits until it listens. */
export async function startKeyward(options: {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the tests' admin token is configured. Default true; false leaves setup open. */
  readonly hasAdmin?: boolean;
}): Promise<KeywardProcess> {
  const admin = options.hasAdmin === false ? {} : { KEYWARD_ADMIN_TOKEN: ADMIN_TOKEN };
  const env = { ...admin, KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1", ...options.env };
  const child = start(["serve", "--port", "0", ...(options.args ?? [])], env, options.cwd);
  const output: string[] = [];
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output.push(chunk.toString());
      const started = /"event":"started","public_url":"([^"]+)"/.exec(output.join(""));
      if (started?.[1] !== undefined) {
        resolve(started[1]);
      }
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`keyward ended with ${code}: ${output.join("")}`)));
  });
  return {
    url,
    output: () => output.join(""),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) {
        return child.exitCode;
      }
      child.kill(signal);
      return ended;
    },
    send: (signal) => void child.kill(signal),
    ended,
  };
}
