import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { type Cli, type GatewayOption, withExamples, withGateway } from "../context.ts";
import { ALL, findAdminToken } from "../find.ts";
import { cell, table, when } from "../text.ts";

export function addAdminTokenCommands(program: Command, cli: Cli): void {
  const tokens = program.command("admin-tokens").description("what the command line and programs administer with");
  addList(tokens, cli);
  addCreate(tokens, cli);
  addRevoke(tokens, cli);
}

function addList(tokens: Command, cli: Cli): void {
  withExamples(
    withGateway(tokens.command("list").description("list the tokens, newest first")),
    "keyward admin-tokens list",
  ).action(async (options: GatewayOption) => {
    const { items } = await cli.gateway(options).list("/api/v1/admin-tokens", {}, ALL);
    cli.answer(options, { items }, () =>
      table(
        ["name", "created", "id"],
        items.map(({ id, name, created_at: at }) => [name, when(at), id]),
        "There are no tokens besides the configured one.",
      ),
    );
  });
}

function addCreate(tokens: Command, cli: Cli): void {
  withExamples(
    withGateway(
      tokens.command("create").description("make a token and show it, this once").argument("<name>", "what it is for"),
    ),
    "keyward admin-tokens create terraform",
    "keyward admin-tokens create terraform --json | jq -r .token",
  ).action(async (name: string, options: GatewayOption) => {
    const issued = await cli.gateway(options).post("/api/v1/admin-tokens", { body: { name } });
    cli.answer(options, issued, () => `${cell(issued.token)}\n`);
    cli.note("This is the only time that the token is shown. It may do everything: keep it like a password.");
  });
}

function addRevoke(tokens: Command, cli: Cli): void {
  withExamples(
    withGateway(
      tokens
        .command("revoke")
        .description("end a token: the next request with it is refused")
        .argument("<token>", "name or id")
        .option("--yes", "do not ask"),
    ),
    "keyward admin-tokens revoke terraform",
  ).action(async (nameOrId: string, options: GatewayOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findAdminToken(gateway, nameOrId);
    await confirm(cli, options.yes, `Revoke the admin token ${cell(name)}?`);
    await gateway.remove("/api/v1/admin-tokens/{id}", { path: { id } });
    cli.answer(options, { revoked: id }, () => `${cell(name)} is revoked.\n`);
  });
}
