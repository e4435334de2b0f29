import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parse } from "yaml";
import type { Schemas } from "../client/api-types.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { oneOf } from "./choice.ts";
import { collect, usageError } from "./context.ts";
import { VALUE_SOURCES } from "./header-values.ts";

type HeaderField = Schemas["HeaderFieldInput"];
type Verification = Schemas["Server"]["verification"];

/** What `servers add` and `servers edit` share. */
export interface ServerOptions {
  readonly header?: readonly string[];
  readonly optionalHeader?: readonly string[];
  readonly label?: readonly string[];
  readonly helpText?: readonly string[];
  readonly helpUrl?: readonly string[];
  readonly headerSchema?: string;
  readonly staticHeader?: readonly string[];
  readonly allowAll?: boolean;
  readonly linkPolicy?: string;
  readonly probeTool?: string | false;
  readonly probeArguments?: string;
  readonly negativeControl?: boolean;
  readonly tool?: readonly string[];
}

export function withServerOptions(command: Command): Command {
  return command
    .optionsGroup("What each person supplies:")
    .option("--header <name>", "a header that each person must supply (repeatable)", collect)
    .option("--optional-header <name>", "a header that a person may supply (repeatable)", collect)
    .option("--label <header=text>", "label of its input on the connect page (repeatable)", collect)
    .option("--help-text <header=text>", "where a person gets the value (repeatable)", collect)
    .option("--help-url <header=url>", "https page where a person gets the value (repeatable)", collect)
    .option("--header-schema <file>", "all of that in a YAML or JSON file: a list of header fields")
    .optionsGroup("What Keyward adds:")
    .option(
      "--static-header <header>",
      `a header with the same value for everyone (repeatable); ${VALUE_SOURCES}`,
      collect,
    )
    .optionsGroup("Who may use it, and how it is checked:")
    .option("--allow-all", "let every identity use it, without grants")
    .option("--no-allow-all", "only those with a grant may use it (default)")
    .option("--link-policy <policy>", "inherit, or key_proof: a link alone never suffices")
    .option("--tool <name>", "a tool that may be used (repeatable); without it all may be", collect)
    .option("--probe-tool <name>", "a harmless tool that only works with a valid key, called while verifying")
    .option("--probe-arguments <json>", "its arguments, a JSON object")
    .option("--negative-control", "try a wrong value while verifying, to tell proven from accepted (default)")
    .option("--no-negative-control", "do not try a wrong value");
}

/** @returns the header fields that the options declare; undefined when they declare none */
export function headerSchemaOf(options: ServerOptions): readonly HeaderField[] | undefined {
  if (options.headerSchema !== undefined) {
    return readSchema(options.headerSchema);
  }
  const required = (options.header ?? []).map((name) => ({ name, required: true }));
  const optional = (options.optionalHeader ?? []).map((name) => ({ name, required: false }));
  const fields = [...required, ...optional];
  if (fields.length === 0) {
    return undefined;
  }
  const labels = byHeader(options.label, "--label");
  const texts = byHeader(options.helpText, "--help-text");
  const urls = byHeader(options.helpUrl, "--help-url");
  const declared = new Set(fields.map(({ name }) => name.toLowerCase()));
  const stray = [...labels.keys(), ...texts.keys(), ...urls.keys()].find((name) => !declared.has(name));
  if (stray !== undefined) {
    throw usageError(`${stray} is described, but no --header or --optional-header declares it.`);
  }
  return fields.map((field) => {
    const name = field.name.toLowerCase();
    return { ...field, label: labels.get(name), help: texts.get(name), help_url: urls.get(name) };
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

export function linkPolicyOf({ linkPolicy }: ServerOptions): Schemas["LinkPolicy"] | undefined {
  return linkPolicy === undefined ? undefined : oneOf("--link-policy", linkPolicy, ["inherit", "key_proof"]);
}

/**
 * @param current the server's policy, which the options change; that of a new server if absent
 * @returns undefined when the options say nothing about it
 */
export function verificationOf(options: ServerOptions, current: Verification = FRESH): Verification | undefined {
  const { probeTool, probeArguments, negativeControl } = options;
  if (probeArguments !== undefined && typeof probeTool !== "string") {
    throw usageError("--probe-arguments belongs to --probe-tool.");
  }
  if (probeTool === undefined && negativeControl === undefined) {
    return undefined;
  }
  const probe =
    typeof probeTool === "string" ? { name: probeTool, arguments: parseArguments(probeArguments ?? "{}") } : null;
  return {
    probe_tool: probeTool === undefined ? current.probe_tool : probe,
    negative_control: negativeControl ?? current.negative_control,
  };
}

const FRESH: Verification = { probe_tool: null, negative_control: true };

function parseArguments(text: string): JsonObject {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    throw usageError("--probe-arguments is not JSON.");
  }
  if (!isJsonObject(parsed)) {
    throw usageError("--probe-arguments is not a JSON object.");
  }
  return parsed;
}
