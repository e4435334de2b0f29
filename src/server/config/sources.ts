import { nearest } from "../../cli/nearest.ts";
import { type FileValue, readConfigFile } from "./config-file.ts";
import { configInvalid, type Raw } from "./option.ts";
import { environmentVariable, flagOf, isOptionName, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";

/** What a value was given as, and by what: `--port`, `KEYWARD_PORT`, `keyward.yaml line 3`. */
interface Given {
  readonly raw: Raw;
  readonly source: string;
}

export interface Sources {
  /** The strongest source of each option that is set at all. */
  readonly given: ReadonlyMap<OptionName, Given>;
  readonly warnings: readonly string[];
}

export interface SourcesInput {
  /** By option name: `{ port: "0" }`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent = `KEYWARD_CONFIG`, or `./keyward.yaml` if it is there. null = no file. */
  readonly configPath?: string | null | undefined;
}

const CONFIG_VARIABLE = "KEYWARD_CONFIG";
const DEFAULT_CONFIG_PATH = "keyward.yaml";
/** Read by the commands and the tests, not by the gateway. */
const OTHER_VARIABLES = [CONFIG_VARIABLE, "KEYWARD_URL"];

/** @throws KeywardError `config_invalid` */
export function readSources(input: SourcesInput): Sources {
  const given = new Map<OptionName, Given>(readFile(input));
  for (const name of OPTION_NAMES) {
    const fromEnvironment = readVariable(input.env, environmentVariable(name));
    if (fromEnvironment !== null) {
      given.set(name, { raw: fromEnvironment, source: environmentVariable(name) });
    }
  }
  for (const [name, raw] of Object.entries(input.flags)) {
    if (!isOptionName(name)) {
      throw configInvalid(`${name} is not an option.`);
    }
    if (OPTIONS[name].argument === null) {
      throw configInvalid(`${name} has no flag, because ps shows it to others. Set ${environmentVariable(name)}.`);
    }
    given.set(name, { raw, source: flagOf(name) });
  }
  return { given, warnings: misspelled(input.env) };
}

function readFile({ env, configPath }: SourcesInput): ReadonlyMap<OptionName, FileValue> {
  if (configPath === null) {
    return new Map();
  }
  const named = configPath ?? readVariable(env, CONFIG_VARIABLE);
  const values = readConfigFile(named ?? DEFAULT_CONFIG_PATH);
  if (values === null && named !== null) {
    const source = configPath === undefined ? CONFIG_VARIABLE : "--config";
    throw configInvalid(`The configuration file ${named}, named by ${source}, does not exist.`);
  }
  return values ?? new Map();
}

/** An empty variable is most often one that was meant to be filled: a key that silently is none must stop the start. */
function readVariable(env: SourcesInput["env"], variable: string): string | null {
  const text = env[variable];
  if (text === "") {
    throw configInvalid(`${variable} is set but empty. Give it a value, or unset it.`);
  }
  return text ?? null;
}

/**
 * Variables that look like a slip. Only a warning: others may put `KEYWARD_...` into the environment too, such as
 * Kubernetes for a service of that name.
 */
function misspelled(env: SourcesInput["env"]): readonly string[] {
  const known = [...OPTION_NAMES.map(environmentVariable), ...OTHER_VARIABLES];
  return Object.keys(env).flatMap((variable) => {
    if (!variable.startsWith("KEYWARD_") || known.includes(variable)) {
      return [];
    }
    const meant = nearest(variable, known);
    return meant === null ? [] : [`${variable} is not an option and is ignored. Did you mean ${meant}?`];
  });
}
