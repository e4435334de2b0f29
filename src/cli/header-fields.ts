import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parse } from "yaml";
import type { Schemas } from "../client/api-types.ts";
import { isJsonObject } from "../core/json.ts";
import { collect, usageError } from "./context.ts";

type HeaderField = Schemas["HeaderFieldInput"];

/** What declares the headers that each person supplies. */
export interface FieldOptions {
  readonly header?: readonly string[];
  readonly optionalHeader?: readonly string[];
  readonly plain?: readonly string[];
  readonly label?: readonly string[];
  readonly helpText?: readonly string[];
  readonly helpUrl?: readonly string[];
  readonly template?: readonly string[];
  readonly choices?: readonly string[];
  readonly pattern?: readonly string[];
  readonly patternHint?: readonly string[];
  readonly headerSchema?: string;
}

export function withFieldOptions(command: Command): Command {
  return command
    .optionsGroup("What each person supplies:")
    .option("--header <name>", "a header that each person must supply (repeatable)", collect)
    .option("--optional-header <name>", "a header that a person may supply (repeatable)", collect)
    .option("--plain <header>", "its value is no secret: the form shows what is typed (repeatable)", collect)
    .option("--label <header=text>", "label of its input on the connect page (repeatable)", collect)
    .option("--help-text <header=text>", "where a person gets the value (repeatable)", collect)
    .option("--help-url <header=url>", "https page where a person gets the value (repeatable)", collect)
    .option("--template <header=text>", "what is sent, with {value} where the typed value goes (repeatable)", collect)
    .option("--choices <header=a,b,c>", "the only values there are, to choose from (repeatable)", collect)
    .option("--pattern <header=regex>", "what the whole typed value has to match (repeatable)", collect)
    .option("--pattern-hint <header=text>", "what a person reads whose value does not match (repeatable)", collect)
    .option("--header-schema <file>", "all of that in a YAML or JSON file: a list of the API's header fields");
}

/** What describes a field beside its name: the option, its flag, and the member of the request that it becomes. */
const DESCRIPTIONS = [
  ["label", "--label", "label"],
  ["helpText", "--help-text", "help"],
  ["helpUrl", "--help-url", "help_url"],
  ["template", "--template", "template"],
  ["choices", "--choices", "choices"],
  ["pattern", "--pattern", "pattern"],
  ["patternHint", "--pattern-hint", "pattern_hint"],
] as const;

/** @returns the header fields that the options declare; undefined when they declare none */
export function headerSchemaOf(options: FieldOptions): readonly HeaderField[] | undefined {
  if (options.headerSchema !== undefined) {
    return readSchema(options.headerSchema);
  }
  const required = (options.header ?? []).map((name) => ({ name, required: true }));
  const optional = (options.optionalHeader ?? []).map((name) => ({ name, required: false }));
  const fields = [...required, ...optional];
  const described = DESCRIPTIONS.map(([option, flag, member]) => ({ member, texts: byHeader(options[option], flag) }));
  const plain = new Set((options.plain ?? []).map((name) => name.toLowerCase()));
  const declared = new Set(fields.map(({ name }) => name.toLowerCase()));
  const stray = [...plain, ...described.flatMap(({ texts }) => [...texts.keys()])].find((name) => !declared.has(name));
  if (stray !== undefined) {
    throw usageError(`${stray} is described, but no --header or --optional-header declares it.`);
  }
  if (fields.length === 0) {
    return undefined;
  }
  return fields.map((field) => {
    const name = field.name.toLowerCase();
    const members = described.map(({ member, texts }) => {
      const text = texts.get(name);
      return [member, member === "choices" ? text?.split(",").map((choice) => choice.trim()) : text] as const;
    });
    return { ...field, secret: plain.has(name) ? false : undefined, ...Object.fromEntries(members) };
  });
}

function byHeader(pairs: readonly string[] | undefined, flag: string): ReadonlyMap<string, string> {
  return new Map(
    (pairs ?? []).map((pair) => {
      const [, name, text] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
      if (name === undefined || text === undefined) {
        throw usageError(`${flag} is written as header=text.`);
      }
      return [name.toLowerCase(), text];
    }),
  );
}

/** A list of objects; what a field may have is the gateway's to judge. */
function readSchema(path: string): readonly HeaderField[] {
  let fields: unknown;
  try {
    fields = parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw usageError(`The header schema ${path} cannot be read (${reason}).`);
  }
  if (!Array.isArray(fields) || !fields.every(isJsonObject)) {
    throw usageError(`The header schema ${path} is not a list of header fields (name, label, help, ...).`);
  }
  return fields as unknown as readonly HeaderField[];
}
