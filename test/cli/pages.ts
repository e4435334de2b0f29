import type { Command } from "commander";
import { createCli } from "../../src/cli/context.ts";
import { createProgram } from "../../src/cli/program.ts";
import {
  environmentVariable,
  flagOf,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
} from "../../src/server/config/options.ts";
import { fakeRuntime } from "./run-command.ts";

/*
 * The pages of docs/ that say what the code says, made from the code. `docs.test.ts` compares them with the files;
 * `npx vitest run test/cli/docs.test.ts -u` writes them.
 */

const MADE_FROM = "<!-- Made from the source: edit that, then run `npx vitest run test/cli/docs.test.ts -u`. -->";

export function configurationPage(): string {
  return `${MADE_FROM}

# Configuration

Keyward runs without any configuration: it listens on \`http://127.0.0.1:4180\` and keeps its database in \`./data/\`.

A value is looked for in this order; the first that is there counts:

1. a flag: \`keyward serve --port 8080\`
2. an environment variable: \`KEYWARD_PORT=8080\`
3. the file \`keyward.yaml\`: \`port: 8080\`

The file is \`./keyward.yaml\` if it exists, or the one that \`--config\` or \`KEYWARD_CONFIG\` names, which then must exist. It is
one flat list of \`option: value\` lines. A file with a secret in it must be accessible to its owner only (mode 0600).

\`\`\`yaml
host: 0.0.0.0
public_url: https://keyward.example.com
database_url: sqlite:/var/lib/keyward/keyward.db
encryption_key_file: /run/secrets/keyward.key
allow_private_upstreams:
  - mcp.internal
  - 10.1.0.0/16
\`\`\`

A value that is not acceptable stops the start with one message, which names the option, where it was set and what is
accepted, and never quotes the value. So do an unknown option in the file, a second encryption key, and a variable that is
set but empty. A \`KEYWARD_...\` variable that looks like a misspelled option is warned of.

\`keyward doctor\` lists every check that the configuration weakens.

| option | flag | variable | default |
|---|---|---|---|
${OPTION_NAMES.map(tableRow).join("\n")}

${OPTION_NAMES.map(section).join("\n\n")}

## Other variables

| variable | meaning |
|---|---|
| \`KEYWARD_CONFIG\` | path of the configuration file |
| \`KEYWARD_URL\` | the gateway that commands talk to, default \`http://127.0.0.1:4180\`; see [the command line](cli.md) |
| \`NO_COLOR\` | no colours, when it is not empty |
`;
}

function defaultOf(name: OptionName): string {
  const { defaultText, defaultMeaning } = OPTIONS[name];
  return defaultText === null ? defaultMeaning : `\`${defaultText}\``;
}

function flagText(name: OptionName): string {
  return OPTIONS[name].argument === null ? "none: `ps` would show it" : `\`${flagOf(name)}\``;
}

function tableRow(name: OptionName): string {
  return `| [\`${name}\`](#${name}) | ${flagText(name)} | \`${environmentVariable(name)}\` | ${defaultOf(name)} |`;
}

function section(name: OptionName): string {
  const { type, unit, limits, summary, details } = OPTIONS[name];
  return `## ${name}

${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${details === "" ? "" : ` ${details}`}

- Type: ${type}${unit === null ? "" : `, in ${unit}`}
- Default: ${defaultOf(name)}
- Limits: ${limits}
- Set by: ${OPTIONS[name].argument === null ? "" : `\`${flagOf(name)} ${OPTIONS[name].argument}\`, `}\`${environmentVariable(name)}\`, or \`${name}\` in the file`;
}

export function cliPage(): string {
  const program = createProgram(createCli(SILENT, fakeRuntime({}), () => {}));
  return `${MADE_FROM}

# The command line

\`npx keyward <command>\` where the package is installed, \`npm run --silent keyward -- <command>\` in the repository.

- Answers go to standard output, messages to standard error. Every command has \`--json\`; an error is then JSON too.
- Exit codes: 0 done, 1 failed, 2 the command line or the configuration is not acceptable.
- No secret is ever taken from the command line, which \`ps\` shows to every user of the machine: header values are asked
  for, or come from a variable, a file or standard input. The setup token is the exception, because it works once.
- Where a server, a key, a group or a token is asked for, its name or its id will do; for a user the e-mail address too.
- Whatever may take access or stored values from people has \`--dry-run\`: it says how many it would affect, exactly, and
  changes nothing.

${acting(program).map(commandSection).join("\n\n")}
`;
}

/** Commands that do something: those without subcommands, and those with options of their own. */
function acting(command: Command): readonly Command[] {
  const isActing = command.commands.length === 0 || (command.parent !== null && command.options.length > 0);
  return [...(isActing ? [command] : []), ...command.commands.flatMap(acting)];
}

function commandSection(command: Command): string {
  const path: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) path.unshift(at.name());
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return `## ${path.join(" ")}\n\n\`\`\`text\n${help.trim()}\n\`\`\``;
}

const SILENT = {
  stdin: process.stdin,
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  env: {},
  called: "keyward",
  untilAskedToStop: () => Promise.resolve(),
};
