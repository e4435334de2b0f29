import type { Command } from "commander";
import { type Cli, type JsonOption, withExamples, withJson } from "../context.ts";
import { printingNarrator, recordingNarrator } from "../demo/narrator.ts";
import { runDemo } from "../demo/run-demo.ts";
import { styleFor } from "../text.ts";

function nextSteps(called: string): string {
  return `
Now with your own server:
  ${called} serve                          it prints an address: open it, and the dashboard leads on
Or without a browser:
  ${called} setup <setup token>            an admin token, for KEYWARD_ADMIN_TOKEN
  ${called} servers add <name> <url> --header <header>
  ${called} keys create <person>           a key for that person's MCP client
  ${called} servers grant <name> <person>
`;
}

export function addDemoCommand(program: Command, cli: Cli): void {
  withExamples(
    withJson(program.command("demo")).description(
      "see it work: a gateway, a server that demands a key, and a client, on this machine only",
    ),
    "keyward demo",
  ).action(async (options: JsonOption) => {
    if (options.json === true) {
      const narrator = recordingNarrator();
      await runDemo(cli.io, cli.runtime, narrator);
      cli.answer(options, { steps: narrator.steps }, () => "");
      return;
    }
    await runDemo(cli.io, cli.runtime, printingNarrator(cli.io.stdout, styleFor(cli.io.stdout, cli.io.env)));
    cli.io.stdout.write(nextSteps(cli.io.called));
  });
}
