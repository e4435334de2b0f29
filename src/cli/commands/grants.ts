import type { Command } from "commander";
import type { Schemas } from "../../client/api-types.ts";
import { isPreview } from "../../client/client.ts";
import type { BodyOf } from "../../client/routes.ts";
import { type Cli, collect, type GatewayOption, withExamples, withGateway } from "../context.ts";
import { findGrantee, findServer, GRANTEE_HELP, granteeText } from "../find.ts";
import { describePreview, type DryRunOption, withDryRun } from "../preview.ts";
import type { RestClient } from "../rest-client.ts";
import { table } from "../text.ts";

type Grant = Schemas["Grants"]["grants"][number];
type GrantInput = BodyOf<"put", "/api/v1/servers/{id}/grants">["grants"][number];
type ChangeOptions = GatewayOption & DryRunOption;

/** `servers grants`, `servers grant` and `servers ungrant`: who may use a server. */
export function addGrantCommands(servers: Command, cli: Cli): void {
  addList(servers, cli);
  addGrant(servers, cli);
  addUngrant(servers, cli);
}

function addList(servers: Command, cli: Cli): void {
  withExamples(
    withGateway(servers.command("grants").description("list who may use a server").argument("<server>", "name or id")),
    "keyward servers grants weather",
  ).action(async (name: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const { id } = await findServer(gateway, name);
    answerGrants(cli, options, await gateway.get("/api/v1/servers/{id}/grants", { path: { id } }));
  });
}

function addGrant(servers: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        servers
          .command("grant")
          .description("let somebody use a server")
          .argument("<server>", "name or id")
          .argument("<who>", GRANTEE_HELP)
          .option("--tool <name>", "only this tool (repeatable)", collect),
      ),
    ),
    "keyward servers grant weather ada@example.com",
    "keyward servers grant weather engineering --tool forecast",
    "keyward servers grant weather build-agent",
  ).action(async (name: string, who: string, options: ChangeOptions & { readonly tool?: readonly string[] }) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const grantee = await findGrantee(gateway, who);
    await change(cli, gateway, options, server.id, (grants) => [
      ...grants.filter((grant) => granteeText(grant) !== granteeText(grantee)),
      { ...grantee, tools: options.tool === undefined ? null : [...options.tool] },
    ]);
  });
}

function addUngrant(servers: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        servers
          .command("ungrant")
          .description("take a server away from somebody; what they have stored is kept unused for a while")
          .argument("<server>", "name or id")
          .argument("<who>", GRANTEE_HELP),
      ),
    ),
    "keyward servers ungrant weather ada@example.com",
    "keyward servers ungrant weather engineering --dry-run",
  ).action(async (name: string, who: string, options: ChangeOptions) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const grantee = await findGrantee(gateway, who);
    await change(cli, gateway, options, server.id, (grants) =>
      grants.filter((grant) => granteeText(grant) !== granteeText(grantee)),
    );
  });
}

// The API replaces all grants at once. Two administrators who edit one server in the same second undo each other's
// change; the audit log shows both.
async function change(
  cli: Cli,
  gateway: RestClient,
  options: ChangeOptions,
  id: string,
  edit: (grants: readonly GrantInput[]) => GrantInput[],
): Promise<void> {
  const path = { id };
  const { grants } = await gateway.get("/api/v1/servers/{id}/grants", { path });
  const edited = edit(grants.map(withoutName));
  const query = { dry_run: options.dryRun };
  const answer = await gateway.put("/api/v1/servers/{id}/grants", { path, query, body: { grants: edited } });
  if (isPreview(answer)) {
    cli.answer(options, answer, () => describePreview(answer));
  } else {
    answerGrants(cli, options, answer);
  }
}

/** Names are the answer's alone: the API takes none. */
function withoutName(grant: Grant): GrantInput {
  return "group" in grant
    ? { group: grant.group, tools: grant.tools }
    : { auth_mode: grant.auth_mode, identity: grant.identity, tools: grant.tools };
}

function answerGrants(cli: Cli, options: GatewayOption, { grants }: { readonly grants: readonly Grant[] }): void {
  cli.answer(options, { grants }, () =>
    table(
      ["who", "as", "id", "tools"],
      grants.map((grant) => [
        grant.name ?? "-",
        "group" in grant ? "group" : grant.auth_mode,
        "group" in grant ? grant.group : grant.identity,
        grant.tools?.join(", ") ?? "all",
      ]),
      "Nobody has a grant.",
    ),
  );
}
