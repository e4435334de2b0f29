import { PassThrough } from "node:stream";
import type { CliIo, TextInput } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/run.ts";
import type { ConfigOptions, Runtime } from "../../src/cli/runtime.ts";
import { KeywardError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { CONFIG_FLAGS } from "../../src/server/config/config-flags.ts";

/** A time that does not pass. */
export const NOW = Date.UTC(2027, 0, 15, 12);

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  /** What a pipe brings. */
  readonly stdin?: string;
  /** What a person types at a terminal, one question after the other. */
  readonly typed?: readonly string[];
  readonly runtime?: Partial<Runtime>;
  /** When the process is asked to stop; at once unless the test says otherwise. */
  readonly stop?: Promise<void>;
  /** Whether standard output is a terminal. */
  readonly isTerminal?: boolean;
}

/** Runs one command in this process, with everything it may touch made by the test. */
export async function runCommand(args: readonly string[], given: Given = {}): Promise<Ran> {
  const output = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") => ({
    isTTY: given.isTerminal ?? false,
    write: (text: string) => {
      output[name] += text;
    },
  });
  const io: CliIo = {
    stdin: given.typed === undefined ? pipe(given.stdin ?? "") : terminal(given.typed),
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: given.env ?? {},
    called: "npx keyward",
    untilAskedToStop: () => given.stop ?? Promise.resolve(),
  };
  const code = await runCli(args, io, fakeRuntime(given.runtime ?? {}));
  return { code, ...output };
}

function pipe(text: string): TextInput {
  const stdin = new PassThrough();
  stdin.end(text);
  return stdin;
}

/** Answers a question each time that somebody begins to listen. */
function terminal(answers: readonly string[]): TextInput {
  const stdin: PassThrough & TextInput = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const left = [...answers];
  stdin.on("newListener", (event) => {
    if (event === "data") {
      const next = left.shift();
      queueMicrotask(() => {
        if (next !== undefined) stdin.write(next);
      });
    }
  });
  return stdin;
}

const unused = (): never => {
  throw new KeywardError("internal", { message: "This test did not expect that." });
};

/** A runtime of which only the given parts may be used. */
export function fakeRuntime(parts: Partial<Runtime>): Runtime {
  return { ...NO_RUNTIME, ...parts };
}

const NO_RUNTIME: Runtime = {
  version: "1.2.3",
  clock: { now: () => NOW, schedule: unused },
  random: { bytes: (length) => new Uint8Array(length).fill(7) },
  configFlags: CONFIG_FLAGS,
  serve: unused,
  migrate: unused,
  move: unused,
  sweep: unused,
  backup: unused,
  vaultStatus: unused,
  rotateDataKey: unused,
  rewrap: unused,
  retireDataKey: unused,
  stageKey: unused,
  promoteKey: unused,
  unstageKey: unused,
  generateKey: () => new Secret("a2V5".repeat(11)),
  doctor: unused,
};

/** A part of the runtime that remembers what it was asked. */
export function recording<T>(answer: T): {
  readonly asked: ConfigOptions[];
  readonly task: (o: ConfigOptions) => Promise<T>;
} {
  const asked: ConfigOptions[] = [];
  return {
    asked,
    task: (options) => {
      asked.push(options);
      return Promise.resolve(answer);
    },
  };
}
