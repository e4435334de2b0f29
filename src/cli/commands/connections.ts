import type { Command } from "commander";
import { countOf, oneOf } from "../choice.ts";
import { confirm } from "../confirm.ts";
import { type Cli, type GatewayOption, withExamples, withGateway } from "../context.ts";
import type { Schemas } from "../../client/api-types.ts";
import type { RestClient } from "../rest-client.ts";
import { findIdentity, findServer, IDENTITY_HELP, identityText } from "../find.ts";
import { table, when } from "../text.ts";

const STATUSES = ["active", "needs_update", "rejected", "orphaned"] as const;

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
  addTest(connections, cli);
  addRevoke(connections, cli);
}

function addList(connections: Command, cli: Cli): void {
  withExamples(
    withGateway(connections.command("list").description("list connections, newest first"))
      .option("--server <server>", "only of this server (name or id)")
      .option("--status <status>", "only active, needs_update, rejected or orphaned ones")
      .option("--who <who>", `only of ${IDENTITY_HELP}`)
      .option("--search <text>", "only where the server's, the user's or the key's name has this text")
      .option("--limit <count>", "at most so many", "50"),
    "keyward connections list",
    "keyward connections list --server weather --status rejected",
    "keyward connections list --who ada@example.com",
  ).action(async (options: ListOptions) => {
    const gateway = cli.gateway(options);
    const limit = countOf("--limit", options.limit);
    const status = options.status === undefined ? undefined : oneOf("--status", options.status, STATUSES);
    const identity = options.who === undefined ? undefined : await findIdentity(gateway, options.who);
    const query = {
      server: options.server === undefined ? undefined : (await findServer(gateway, options.server)).id,
      status,
      auth_mode: identity?.auth_mode,
      identity: identity?.identity,
      q: options.search,
    };
    const listing = await gateway.list("/api/v1/credentials", { query }, limit);
    cli.answer(options, listing, () =>
      table(
        ["server", "who", "status", "headers", "verified", "last used", "id"],
        listing.items.map((item) => [
          item.server.name,
          item.identity.name ?? identityText(item.identity),
          item.status,
          item.field_names.join(", "),
          item.verification ?? "-",
          when(item.last_used_at),
          item.id,
        ]),
        "There are no connections.",
      ),
    );
    if (listing.next_cursor !== null) {
      cli.note("There are more: see --limit.");
    }
  });
}

function addRevoke(connections: Command, cli: Cli): void {
  withExamples(
    withGateway(
      connections
        .command("revoke")
        .description("delete stored values; the next call is answered with a new link")
        .argument("<id...>", "as `connections list` shows them")
        .option("--yes", "do not ask"),
    ),
    "keyward connections revoke cred_...",
    "keyward connections revoke cred_... cred_... --yes",
  ).action(async (ids: readonly string[], options: GatewayOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const [id = ""] = ids;
    if (ids.length === 1) {
      await confirm(cli, options.yes, `Revoke the connection ${id}?`);
      await gateway.remove("/api/v1/credentials/{id}", { path: { id } });
      cli.answer(options, { revoked: id }, () => `${id} is revoked. Nothing is sent with it any more.\n`);
      return;
    }
    await confirm(cli, options.yes, `Revoke these ${ids.length} connections?`);
    const revoked = await revokeMany(gateway, ids);
    const rest = revoked < ids.length ? " The others were not there." : "";
    cli.answer(options, { revoked }, () => `${revoked} of ${ids.length} are revoked.${rest}\n`);
  });
}

/** As many at once as the API takes. */
const AT_ONCE = 500;

async function revokeMany(gateway: RestClient, ids: readonly string[]): Promise<number> {
  let revoked = 0;
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const body = { ids: ids.slice(from, from + AT_ONCE) };
    revoked += (await gateway.post("/api/v1/credentials/revoke", { body })).revoked;
  }
  return revoked;
}

function addTest(connections: Command, cli: Cli): void {
  withExamples(
    withGateway(
      connections
        .command("test")
        .description("verify stored values with their server now; exit code 1 unless they are accepted")
        .argument("<id>", "as `connections list` shows it")
        .addHelpText(
          "after",
          "\nOnly the owner may: KEYWARD_ADMIN_TOKEN has to be the virtual key that the values were stored for.",
        ),
    ),
    "KEYWARD_ADMIN_TOKEN=kw_... keyward connections test cred_...",
  ).action(async (id: string, options: GatewayOption) => {
    const result = await cli.gateway(options).post("/api/v1/credentials/{id}/test", { path: { id }, body: {} });
    cli.answer(options, result, () => `${testText(result)}\n`);
    if (result.outcome !== "accepted") {
      cli.markFailed();
    }
  });
}

function testText({ outcome, verification, step, code }: Schemas["CredentialTest"]): string {
  switch (outcome) {
    case "accepted":
      return `The server accepts the values (${verification}).`;
    case "rejected":
      return `The server refuses the values${step === null ? "" : ` (${step})`}. Nothing is sent with them any more.`;
    case "unknown":
      return `Nothing is known, and nothing was changed (${code ?? step}).`;
  }
}
