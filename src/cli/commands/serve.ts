import type { Command } from "commander";
import { configOptions, type Cli, type JsonOption, withConfig, withExamples, withJson } from "../context.ts";
import { DEFAULT_GATEWAY_URL } from "../rest-client.ts";
import type { RunningGateway } from "../runtime.ts";
import { factsList, type Style, styleFor } from "../text.ts";

export function addServeCommand(program: Command, cli: Cli): void {
  const command = withJson(program.command("serve")).description("run the gateway until it is asked to stop");
  withExamples(
    withConfig(command, cli.runtime, "serve"),
    "keyward serve",
    "keyward serve --port 8080 --log-level debug",
    "keyward serve --host 0.0.0.0 --public-url https://keyward.example.com",
  ).action(async (options: JsonOption, self: Command) => {
    // Armed before the start: a signal that comes while it starts must not be lost.
    const isAskedToStop = cli.io.untilAskedToStop();
    const gateway = await cli.runtime.serve(configOptions(self, cli.io, cli.runtime));
    try {
      announce(cli, options, gateway);
      await isAskedToStop;
    } finally {
      await gateway.stop();
    }
  });
}

/** The setup token is shown here, on standard output, and never goes through the log (abuse case A48). */
function announce(cli: Cli, options: JsonOption, gateway: RunningGateway): void {
  const { publicUrl, listening, setupToken, warnings } = gateway;
  const mcpUrl = `${publicUrl}/mcp`;
  const token = setupToken?.reveal() ?? null;
  if (options.json === true) {
    const line = { listening, public_url: publicUrl, mcp_url: mcpUrl, setup_token: token, warnings };
    cli.io.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const style = styleFor(cli.io.stdout, cli.io.env);
  cli.io.stdout.write(welcome(style, { publicUrl, listening, mcpUrl, token, warnings, called: cli.io.called }));
}

interface Welcome {
  readonly publicUrl: string;
  readonly listening: string;
  readonly mcpUrl: string;
  readonly token: string | null;
  readonly warnings: readonly string[];
  readonly called: string;
}

// On standard output with the rest: what the log writes to standard error stays one JSON object a line.
function welcome(style: Style, { publicUrl, listening, mcpUrl, token, warnings, called }: Welcome): string {
  const weak = warnings.map((warning) => `  ${style("yellow", "warning:")} ${warning}\n`).join("");
  const facts = factsList([
    ["  listening on", listening],
    ["  dashboard", publicUrl],
    ["  MCP clients use", mcpUrl],
  ]);
  const where = publicUrl === DEFAULT_GATEWAY_URL ? "" : ` --gateway ${publicUrl}`;
  const setup =
    token === null
      ? ""
      : `
  No administrator yet. This address makes the first one, once. It is shown only now:

      ${publicUrl}/setup#t=${token}

  ${style("dim", "without a browser:")}  ${called} setup ${token}${where}
  ${style("dim", "or:")}  curl -sS ${publicUrl}/api/v1/setup -H 'Content-Type: application/json' -d '{"setup_token":"${token}"}'
`;
  return `\n${style("bold", "Keyward is running.")}\n${facts}${weak}${setup}\n`;
}
