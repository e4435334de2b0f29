import { CommanderError } from "commander";
import { isKeywardError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { type Cli, createCli, isCancelled } from "./context.ts";
import type { CliIo } from "./io.ts";
import { nextStepFor } from "./next-step.ts";
import { createProgram } from "./program.ts";
import type { Runtime } from "./runtime.ts";
import { styleFor } from "./text.ts";

const OK = 0;
const FAILED = 1;
const USAGE = 2;

/**
 * Runs one command.
 * @param argv the arguments, without the program's name
 * @returns the exit code: 0 done, 1 failed, 2 the command line or the configuration is not acceptable. Never throws.
 */
export async function runCli(argv: readonly string[], io: CliIo, runtime: Runtime): Promise<number> {
  let exitCode = OK;
  const cli = createCli(io, runtime, () => {
    exitCode = FAILED;
  });
  try {
    await createProgram(cli).parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === OK) {
      return OK;
    }
    say(cli, argv.includes("--json"), error);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  const isUsage = error instanceof CommanderError && !isCancelled(error);
  return isUsage || isKeywardError(error, "config_invalid") ? USAGE : FAILED;
}

function say(cli: Cli, isJson: boolean, error: unknown): void {
  // Commander has printed the help: there is no error to tell.
  if (error instanceof CommanderError && error.code === "commander.help") {
    return;
  }
  const shown = describe(error);
  if (isJson) {
    cli.io.stderr.write(`${JSON.stringify({ error: shown })}\n`);
    return;
  }
  const style = styleFor(cli.io.stderr, cli.io.env);
  const code = error instanceof CommanderError ? "" : style("dim", ` (${shown.code})`);
  cli.note(`${style("red", "error:")} ${shown.message}${code}`);
  const { fields, steps } = shown.details ?? {};
  if (Array.isArray(fields)) {
    cli.note(`Missing: ${fields.join(", ")}`);
  }
  if (Array.isArray(steps)) {
    cli.note(`Steps: ${steps.map((step) => String(step).replaceAll("_", " ").replace(":", " ")).join(", ")}`);
  }
  const next = nextStepFor(error, cli.io.called);
  if (next !== null) {
    cli.note(next);
  }
}

interface Shown extends JsonObject {
  readonly code: string;
  readonly message: string;
  readonly details?: JsonObject;
}

/** Foreign errors are told by name only: their text may quote what they were given. */
function describe(error: unknown): Shown {
  if (isKeywardError(error)) {
    return {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
    };
  }
  if (error instanceof CommanderError) {
    const code = isCancelled(error) ? "cancelled" : "usage";
    return { code, message: withoutArguments(error.message.replace(/^error: /, "")) };
  }
  const name = error instanceof Error ? error.name : "unknown";
  const reason = error instanceof Error && "code" in error ? ` ${String(error.code)}` : "";
  return { code: "internal", message: `Something went wrong inside this command: ${name}${reason}.` };
}

const LONGEST_COMMAND = 32;

/** Commander repeats what it did not understand, which may be a value or a token in the wrong place. */
function withoutArguments(message: string): string {
  return message
    .replace(/(too many arguments.* but got \d+):.*/s, "$1.")
    .replace(/(unknown option '-[^'=]*)=[^']*'/, "$1'")
    .replace(/unknown command '([^']*)'/, (all, word: string) =>
      word.length > LONGEST_COMMAND ? "unknown command" : all,
    );
}
