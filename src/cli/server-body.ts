import type { Command } from "commander";
import type { Schemas } from "../client/api-types.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { oneOf } from "./choice.ts";
import { collect, usageError } from "./context.ts";
import { type FieldOptions, withFieldOptions } from "./header-fields.ts";
import { VALUE_SOURCES } from "./header-values.ts";

type Verification = Schemas["Server"]["verification"];

/** What `servers add` and `servers edit` share. */
export interface ServerOptions extends FieldOptions {
  readonly staticHeader?: readonly string[];
  readonly allowAll?: boolean;
  readonly linkPolicy?: string;
  readonly probeTool?: string | false;
  readonly probeArguments?: string;
  readonly negativeControl?: boolean;
  readonly tool?: readonly string[];
}

export function withServerOptions(command: Command): Command {
  return withFieldOptions(command)
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
