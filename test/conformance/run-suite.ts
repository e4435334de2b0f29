import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, type Outcomes, rankOf } from "./outcomes.ts";

/** The official runner in its two published lines; the names are those of package.json. */
export type Runner = "conformance-2025-11-25" | "conformance-2026-07-28";

interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: Outcome["status"];
  readonly errorMessage?: string;
}

/** The last thing that a client under test prints. Complaints alone say nothing: the SDK warns of tools it leaves out. */
export const CLIENT_DONE = "Everything has been done.";

/** For the runner, a client that ended early fails no check; here it does. */
const CLIENT_CHECK = "client/ran-to-its-end";

/** A whole suite takes a few seconds; one whose calls hang takes as long as this. Milliseconds. */
const BOUND_MS = 60_000;

/**
 * Runs the official runner as a process of its own and reads what it wrote about every scenario.
 *
 * @throws Error with the end of the runner's output when it does not end in time or wrote nothing
 */
export async function runSuite(runner: Runner, args: readonly string[]): Promise<Outcomes> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-conformance-"));
  const cli = fileURLToPath(new URL(`../../node_modules/${runner}/dist/index.js`, import.meta.url));
  const child = spawn(process.execPath, [cli, ...args, "-o", folder], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BOUND_MS,
    killSignal: "SIGKILL",
  });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  try {
    // The exit code says only whether every check passed.
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    const outcomes = readOutcomes(folder);
    if (signal !== null || outcomes.size === 0) {
      throw new Error(`${runner} did not run to its end (${signal}): ${output.join("").slice(-2000)}`);
    }
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readOutcomes(folder: string): Outcomes {
  const outcomes = new Map<string, ReadonlyMap<string, Outcome>>();
  for (const entry of readdirSync(folder)) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry)?.[1];
    const files = readdirSync(join(folder, entry));
    if (scenario === undefined || !files.includes("checks.json")) {
      continue;
    }
    const read = (file: string): string => readFileSync(join(folder, entry, file), "utf8");
    const checks = worstOfEach(JSON.parse(read("checks.json")) as Check[]);
    if (files.includes("stdout.txt")) {
      const isDone = read("stdout.txt").trimEnd().endsWith(CLIENT_DONE);
      checks.set(CLIENT_CHECK, { status: isDone ? "SUCCESS" : "FAILURE", message: read("stderr.txt") });
    }
    outcomes.set(scenario, checks);
  }
  return outcomes;
}

/** A check that ran several times has the worst of its ends. */
function worstOfEach(checks: readonly Check[]): Map<string, Outcome> {
  const worst = new Map<string, Outcome>();
  for (const { id, name, status, errorMessage = "" } of checks) {
    const key = `${id}/${name}`;
    const outcome = { status, message: errorMessage };
    if (!worst.has(key) || rankOf(outcome) > rankOf(worst.get(key))) {
      worst.set(key, outcome);
    }
  }
  return worst;
}
