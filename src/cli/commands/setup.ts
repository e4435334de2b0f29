import type { Command } from "commander";
import { Secret } from "../../core/secret.ts";
import { type Cli, type GatewayOption, withExamples, withGateway } from "../context.ts";
import { askHidden, canAsk, readStdin } from "../prompt.ts";
import { cell } from "../text.ts";

export function addSetupCommand(program: Command, cli: Cli): void {
  withExamples(
    withGateway(
      program
        .command("setup")
        .description("trade the setup token that the first start prints for an admin token")
        .argument("[token]", "the setup token, kws_...; without it, asked for or read from standard input")
        .option("--name <name>", "name of the admin token", "admin"),
    ),
    "keyward setup kws_...",
    'export KEYWARD_ADMIN_TOKEN="$(keyward setup kws_...)"',
  ).action(async (typed: string | undefined, options: GatewayOption & { readonly name: string }) => {
    const token = new Secret((typed ?? (await askForToken(cli))).trim());
    const gateway = cli.gatewayAsNobody(options);
    const answer = await gateway.post("/api/v1/setup", { body: { setup_token: token, name: options.name } });
    cli.answer(options, answer, () => `${cell(answer.admin_token)}\n`);
    cli.note("This is the only time that the admin token is shown. Keep it, and let the commands know it:");
    cli.note("  export KEYWARD_ADMIN_TOKEN=kwa_...");
    cli.note(`Next: ${cli.io.called} servers add <name> <url> --header <header>`);
  });
}

function askForToken(cli: Cli): Promise<string> {
  return canAsk(cli.io) ? askHidden(cli.io, "Setup token (hidden)") : readStdin(cli.io);
}
