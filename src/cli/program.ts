import { Command } from "commander";
import { addAdminTokenCommands } from "./commands/admin-tokens.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addConnectionCommands } from "./commands/connections.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addGroupCommands } from "./commands/groups.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addServerCommands } from "./commands/servers.ts";
import { addSetupCommand } from "./commands/setup.ts";
import { addStoreCommands } from "./commands/store.ts";
import { addUserCommands } from "./commands/users.ts";
import type { Cli } from "./context.ts";

const ABOUT = "Self-hosted MCP gateway that lets a whole team use MCP servers with each person's own keys.";

const ENVIRONMENT = `
Commands on a running gateway use:
  KEYWARD_URL          where it runs (default: http://127.0.0.1:4180)
  KEYWARD_ADMIN_TOKEN  who asks

Exit codes: 0 done, 1 failed, 2 the command line or the configuration is not acceptable.`;

const HELP_WIDTH = 100;

/** The command line of Keyward. Nothing happens until it parses arguments. */
export function createProgram(cli: Cli): Command {
  const program = new Command("keyward")
    .description(ABOUT)
    .version(cli.runtime.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText("after", ENVIRONMENT)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.io.stdout.write(text),
      writeErr: (text) => void cli.io.stderr.write(text),
      getOutHelpWidth: () => cli.io.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => cli.io.stderr.columns ?? HELP_WIDTH,
      // `runCli` says what is wrong, in text or JSON, once.
      outputError: () => {},
    });
  program.commandsGroup("Run it:");
  addServeCommand(program, cli);
  addDemoCommand(program, cli);
  program.commandsGroup("On a running gateway:");
  addSetupCommand(program, cli);
  addServerCommands(program, cli);
  addKeyCommands(program, cli);
  addUserCommands(program, cli);
  addGroupCommands(program, cli);
  addConnectionCommands(program, cli);
  addAuditCommand(program, cli);
  addAdminTokenCommands(program, cli);
  program.commandsGroup("On the database itself:");
  addStoreCommands(program, cli);
  program.commandsGroup("Help:").helpCommand("help [command]", "show the help of a command");
  return program;
}
