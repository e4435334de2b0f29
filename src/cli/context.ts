import { type Command, CommanderError } from "commander";
import { KeywardError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import type { CliIo } from "./io.ts";
import { createRestClient, DEFAULT_GATEWAY_URL, type RestClient } from "./rest-client.ts";
import type { ConfigOptions, Runtime } from "./runtime.ts";
import { type Style, styleFor } from "./text.ts";

/** What every command has at hand. */
export interface Cli {
  readonly io: CliIo;
  readonly runtime: Runtime;
  /** Answers on standard output: the JSON with `--json`, else what `render` makes of it. */
  answer(options: JsonOption, json: object, render: (style: Style) => string): void;
  /** Says something to the person, on standard error. */
  note(text: string): void;
  /**
   * The gateway that KEYWARD_URL or `--gateway` names, as the administrator of KEYWARD_ADMIN_TOKEN.
   * @throws KeywardError `unauthenticated` without such a token
   */
  gateway(options: GatewayOption): RestClient;
  /** The same, as nobody. */
  gatewayAsNobody(options: GatewayOption): RestClient;
  /** Makes the command end with exit code 1 although nothing was thrown. */
  markFailed(): void;
}

export interface JsonOption {
  readonly json?: boolean;
}

export interface GatewayOption extends JsonOption {
  readonly gateway?: string;
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function createCli(io: CliIo, runtime: Runtime, markFailed: () => void): Cli {
  const note = (text: string): void => {
    io.stderr.write(`${text}\n`);
  };
  const connect = (options: GatewayOption, token: Secret<string> | null): RestClient => {
    const client = createRestClient(gatewayUrl(io, options), token);
    const { protocol, hostname } = new URL(client.url);
    if (protocol === "http:" && !LOOPBACK.test(hostname)) {
      note(`warning: ${client.url} is plain http: tokens cross the network in clear text.`);
    }
    return client;
  };
  return {
    io,
    runtime,
    note,
    markFailed,
    answer({ json }, value, render) {
      io.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : render(styleFor(io.stdout, io.env)));
    },
    gateway(options) {
      const token = io.env["KEYWARD_ADMIN_TOKEN"] ?? "";
      if (token === "") {
        throw new KeywardError("unauthenticated", { message: "There is no admin token." });
      }
      return connect(options, new Secret(token));
    },
    gatewayAsNobody: (options) => connect(options, null),
  };
}

function gatewayUrl(io: CliIo, options: GatewayOption): string {
  const fromEnvironment = io.env["KEYWARD_URL"] ?? "";
  return options.gateway ?? (fromEnvironment === "" ? DEFAULT_GATEWAY_URL : fromEnvironment);
}

/** A mistake in how the command was called: exit code 2. Quote no argument that could be a secret. */
export function usageError(message: string): CommanderError {
  return new CommanderError(2, "keyward.usage", message);
}

const CANCELLED = "keyward.cancelled";

/** The person thought better of it: exit code 1. */
export function cancelled(message: string): CommanderError {
  return new CommanderError(1, CANCELLED, message);
}

export function isCancelled(error: unknown): boolean {
  return error instanceof CommanderError && error.code === CANCELLED;
}

export function withJson(command: Command): Command {
  return command.option("--json", "print JSON");
}

/** For commands that talk to a running gateway. */
export function withGateway(command: Command): Command {
  return withJson(command).option("--gateway <url>", `the gateway (default: KEYWARD_URL, or ${DEFAULT_GATEWAY_URL})`);
}

/** For commands that read the configuration: `--config` and the flags that matter to them. */
export function withConfig(command: Command, runtime: Runtime, scope: "serve" | "store"): Command {
  command.option("--config <path>", "configuration file (default: KEYWARD_CONFIG, or ./keyward.yaml)");
  command.optionsGroup("Configuration (over KEYWARD_... variables, over keyward.yaml):");
  for (const flag of runtime.configFlags) {
    if (scope === "serve" || flag.scope === "store") {
      command.option(flag.usage, `${flag.summary} (default: ${flag.defaultMeaning})`);
    }
  }
  return command;
}

/** What `withConfig` collected. */
export function configOptions(command: Command, io: CliIo, runtime: Runtime): ConfigOptions {
  const given = command.opts<Readonly<Record<string, string | undefined>>>();
  const flags = runtime.configFlags.flatMap(({ name }) => {
    const value = given[name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { flags: Object.fromEntries(flags), env: io.env, configPath: given["config"] };
}

/** What a reader copies and tries. Shown after a command's help. */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`.trimEnd());
}

/** Collects an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
