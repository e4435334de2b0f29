import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { findIdentity, findServer, identityText } from "../find.ts";
import { namesAt, numberAt, textAt } from "../json-answer.ts";
import { table, when } from "../text.ts";

interface ListOptions extends GatewayOption {
  readonly server?: string;
  readonly status?: string;
  readonly who?: string;
  readonly search?: string;
  readonly limit: string;
}

export function addConnectionCommands(program: Command, cli: Cli): void {
  const connections = program
    .command("connections")
    .description("who has stored values for which server; never the values");
  addList(connections, cli);
  addRevoke(connections, cli);
}

function addList(connections: Command, cli: Cli): void {
  withExamples(
    withGateway(connections.command("list").description("list connections, newest first"))
      .option("--server <server>", "only of this server (name or id)")
      .option("--status <status>", "only active, needs_update, rejected or orphaned ones")
      .option("--who <who>", "only of this virtual key (name or id) or <auth mode>:<id>")
      .option("--search <text>", "only where the server's or the key's name has this text")
      .option("--limit <count>", "at most so many", "50"),
    "keyward connections list",
    "keyward connections list --server weather --status rejected",
  ).action(async (options: ListOptions) => {
    const gateway = cli.gateway(options);
    const identity = options.who === undefined ? null : await findIdentity(gateway, options.who);
    const query = {
      server: options.server === undefined ? undefined : textAt(await findServer(gateway, options.server), "id"),
      status: options.status,
      auth_mode: identity?.mode,
      identity: identity?.id,
      q: options.search,
    };
    const listing = await gateway.list(["credentials"], query, limitOf(options.limit));
    cli.answer(options, { ...listing }, () =>
      table(
        ["server", "who", "status", "headers", "verified", "last used", "id"],
        listing.items.map((item) => [
          textAt(item, "server", "name"),
          textAt(item, "identity", "name") || identityText(item, "identity"),
          textAt(item, "status"),
          (namesAt(item, "field_names") ?? []).join(", "),
          textAt(item, "verification") || "-",
          when(numberAt(item, "last_used_at")),
          textAt(item, "id"),
        ]),
        "There are no connections.",
      ),
    );
    if (listing.next_cursor !== null) {
      cli.note("There are more: see --limit.");
    }
  });
}

/** @throws CommanderError when it is no whole number from 1 on */
export function limitOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw usageError("--limit is a whole number from 1 on.");
  }
  return Number(text);
}

function addRevoke(connections: Command, cli: Cli): void {
  withExamples(
    withGateway(
      connections
        .command("revoke")
        .description("delete stored values; the next call is answered with a new link")
        .argument("<id>", "as `connections list` shows it")
        .option("--yes", "do not ask"),
    ),
    "keyward connections revoke cred_...",
  ).action(async (id: string, options: GatewayOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    await confirm(cli, options.yes, `Revoke the connection ${id}?`);
    await gateway.remove(["credentials", id]);
    cli.answer(options, { revoked: id }, () => `${id} is revoked. Nothing is sent with it any more.\n`);
  });
}
