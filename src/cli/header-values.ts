import { readFileSync } from "node:fs";
import { KeywardError } from "../core/errors.ts";
import { parseHeaderName } from "../core/header-name.ts";
import { parseHeaderValue } from "../core/header-values.ts";
import type { Secret } from "../core/secret.ts";
import { usageError } from "./context.ts";
import type { CliIo } from "./io.ts";
import { askHidden, canAsk, readStdin } from "./prompt.ts";

/** Header name to value, for a request. */
export type TypedValues = Readonly<Record<string, Secret<string>>>;

export const VALUE_SOURCES = "<header> asks, <header>=env:VARIABLE and <header>=file:PATH read it from there";

/**
 * Gets header values without a value ever standing on the command line, which every user of the machine can read.
 * @param specs `X-API-Key` (asked for), `X-API-Key=env:NAME` or `X-API-Key=file:PATH`
 * @param what the word for the values in questions: `Sample value`
 * @throws CommanderError for a spec that is none (it is not quoted: it may hold the value); KeywardError
 *   `invalid_header_name`, `invalid_header_value`
 */
export async function readValues(io: CliIo, specs: readonly string[], what: string): Promise<TypedValues> {
  const values: Record<string, Secret<string>> = {};
  for (const spec of specs) {
    const [, name = "", source] = /^([^=]*)(?:=(.*))?$/s.exec(spec) ?? [];
    parseHeaderName(name);
    values[name] = parseHeaderValue(name, source === undefined ? await ask(io, name, what) : valueFrom(io, source));
  }
  return values;
}

function ask(io: CliIo, name: string, what: string): Promise<string> {
  if (!canAsk(io)) {
    throw usageError(`There is no terminal to ask for ${name}. Use ${name}=env:VARIABLE or ${name}=file:PATH.`);
  }
  return askHidden(io, `${what} for ${name} (hidden)`);
}

function valueFrom(io: CliIo, source: string): string {
  const [, kind, place = ""] = /^(env|file):(.+)$/s.exec(source) ?? [];
  if (kind === "env") {
    const value = io.env[place];
    if (value === undefined) {
      throw usageError("The environment variable that was named is not set.");
    }
    return value;
  }
  if (kind === "file") {
    return readFile(place);
  }
  throw usageError("A value may not stand on the command line, where ps shows it. Use env:VARIABLE or file:PATH.");
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new KeywardError("invalid_request", { message: `The file with the value cannot be read (${reason}).` });
  }
}

/**
 * Asks for each header in turn; an empty answer leaves it out.
 * @returns an empty object when nobody can be asked, or everything was left out
 */
export async function askEach(io: CliIo, names: readonly string[], what: string): Promise<TypedValues> {
  const values: Record<string, Secret<string>> = {};
  for (const name of canAsk(io) ? names : []) {
    const typed = await askHidden(io, `${what} for ${name} (hidden; Enter leaves it out)`);
    if (typed.trim() !== "") {
      values[name] = parseHeaderValue(name, typed);
    }
  }
  return values;
}

/**
 * Reads `NAME=VALUE` lines from standard input; empty lines and lines that start with `#` are skipped.
 * @throws CommanderError naming the line, never its text
 */
export async function readValueLines(io: CliIo): Promise<TypedValues> {
  const values: Record<string, Secret<string>> = {};
  const lines = (await readStdin(io)).split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) {
      continue;
    }
    const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      throw usageError(`Line ${index + 1} of standard input is not NAME=VALUE.`);
    }
    parseHeaderName(name);
    values[name] = parseHeaderValue(name, value);
  }
  return values;
}
