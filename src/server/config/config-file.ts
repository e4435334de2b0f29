import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { nearest } from "../../cli/nearest.ts";
import { configInvalid, type Raw } from "./option.ts";
import { isOptionName, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";

/** A value with the place it stands at: `keyward.yaml line 3`. */
export interface FileValue {
  readonly raw: Raw;
  readonly source: string;
}

const GROUP_AND_OTHERS = 0o077;
const MAX_FILE_BYTES = 262_144;

/**
 * Reads `keyward.yaml`: one flat map of option names. Every value is taken as text, so that `on` stays `on` and `0123`
 * stays `0123`.
 * @returns null when there is no such file
 * @throws KeywardError `config_invalid`: names the line and the key, never a value
 */
export function readConfigFile(path: string): ReadonlyMap<OptionName, FileValue> | null {
  const file = readText(path);
  if (file === null) {
    return null;
  }
  const lines = new LineCounter();
  const document = parseDocument(file.text, { schema: "failsafe", lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser's own text quotes the line, which may hold a key.
    throw configInvalid(`${path} line ${lines.linePos(error.pos[0]).line} is not valid YAML (${error.code}).`);
  }
  const values = valuesOf(document, (offset) => `${path} line ${lines.linePos(offset).line}`);
  assertPrivate(path, file.mode, values);
  return values;
}

function readText(path: string): { readonly text: string; readonly mode: number } | null {
  let file: number;
  try {
    // O_NONBLOCK: opening a pipe would otherwise wait for its writer, for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (reasonOf(error) === "ENOENT") {
      return null;
    }
    throw configInvalid(`${path} cannot be read (${reasonOf(error)}).`);
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) {
      throw configInvalid(`${path} is not a file of at most ${MAX_FILE_BYTES} bytes.`);
    }
    return { text: readFileSync(file, "utf8"), mode: stats.mode };
  } finally {
    closeSync(file);
  }
}

function valuesOf(document: Document, placeOf: (offset: number) => string): ReadonlyMap<OptionName, FileValue> {
  const values = new Map<OptionName, FileValue>();
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.source === "")) {
    return values;
  }
  if (!isMap(contents)) {
    throw configInvalid(`${placeOf(contents.range?.[0] ?? 0)} is not a list of \`option: value\` lines.`);
  }
  for (const pair of contents.items) {
    const key = isPair(pair) && isScalar(pair.key) ? pair.key : null;
    const source = placeOf(key?.range?.[0] ?? 0);
    const name = String(key?.value);
    if (!isOptionName(name)) {
      throw unknownKey(source, name);
    }
    values.set(name, { raw: rawOf(pair.value, `${name}, set in ${source},`), source });
  }
  return values;
}

function unknownKey(source: string, name: string): Error {
  const meant = nearest(name.replaceAll("-", "_"), OPTION_NAMES);
  // A key that is no name could be a value in the wrong column.
  const quoted = /^[A-Za-z][A-Za-z0-9_-]{0,40}$/.test(name) ? name : "a key";
  return configInvalid(
    `${source}: ${quoted} is not an option.${meant === null ? " docs/configuration.md lists them all." : ` Did you mean ${meant}?`}`,
  );
}

function rawOf(node: unknown, what: string): Raw {
  if (isScalar(node)) {
    return textOf(node.value);
  }
  if (isSeq(node) && node.items.length > 0 && node.items.every(isScalar)) {
    return node.items.map((item) => textOf(item.value));
  }
  throw configInvalid(
    isAlias(node) ? `${what} is an alias; write the value out.` : `${what} must be one value or a list.`,
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function assertPrivate(path: string, mode: number, values: ReadonlyMap<OptionName, FileValue>): void {
  const secret = [...values].find(([name, { raw }]) => OPTIONS[name].isSecret || isPostgresUrl(raw))?.[0];
  if (secret !== undefined && process.platform !== "win32" && (mode & GROUP_AND_OTHERS) !== 0) {
    throw configInvalid(
      `${path} holds ${secret} and is open to others than its owner (mode ${(mode & 0o777).toString(8)}). Run chmod 600 on it.`,
    );
  }
}

/** It may hold a password. */
function isPostgresUrl(raw: FileValue["raw"]): boolean {
  return typeof raw === "string" && /^postgres(ql)?:/i.test(raw);
}

/** The system's name of the error, such as `EACCES`; never its text. */
function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
