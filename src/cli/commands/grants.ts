import type { Command } from "commander";
import type { JsonObject } from "../../core/json.ts";
import { type Cli, collect, type GatewayOption, withExamples, withGateway } from "../context.ts";
import { findIdentity, findServer, listKeys, type NamedIdentity } from "../find.ts";
import { namesAt, objectsAt, textAt } from "../json-answer.ts";
import type { RequestBody, RestClient } from "../rest-client.ts";
import { table } from "../text.ts";

const WHO = "name or id of a virtual key, or <auth mode>:<id>";

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
    const grants = await readGrants(gateway, await findServer(gateway, name));
    await answerGrants(cli, gateway, options, grants);
  });
}

function addGrant(servers: Command, cli: Cli): void {
  withExamples(
    withGateway(
      servers
        .command("grant")
        .description("let somebody use a server")
        .argument("<server>", "name or id")
        .argument("<who>", WHO)
        .option("--tool <name>", "only this tool (repeatable)", collect),
    ),
    "keyward servers grant weather alice",
    "keyward servers grant weather alice --tool forecast",
  ).action(async (name: string, who: string, options: GatewayOption & { readonly tool?: readonly string[] }) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const identity = await findIdentity(gateway, who);
    const others = (await readGrants(gateway, server)).filter((grant) => !isOf(grant, identity));
    const grant = { auth_mode: identity.mode, identity: identity.id, tools: options.tool ?? null };
    await answerGrants(cli, gateway, options, await replaceGrants(gateway, server, [...others, grant]));
  });
}

function addUngrant(servers: Command, cli: Cli): void {
  withExamples(
    withGateway(
      servers
        .command("ungrant")
        .description("take a server away from somebody; what they have stored is kept unused for a while")
        .argument("<server>", "name or id")
        .argument("<who>", WHO),
    ),
    "keyward servers ungrant weather alice",
  ).action(async (name: string, who: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const identity = await findIdentity(gateway, who);
    const others = (await readGrants(gateway, server)).filter((grant) => !isOf(grant, identity));
    await answerGrants(cli, gateway, options, await replaceGrants(gateway, server, others));
  });
}

async function readGrants(gateway: RestClient, server: JsonObject): Promise<readonly JsonObject[]> {
  return objectsAt(await gateway.get(["servers", textAt(server, "id"), "grants"]), "grants");
}

// The API replaces all grants at once. Two administrators who edit one server in the same second undo each other's
// change; the audit log shows both.
async function replaceGrants(
  gateway: RestClient,
  server: JsonObject,
  grants: readonly RequestBody[],
): Promise<readonly JsonObject[]> {
  const answer = await gateway.send("PUT", ["servers", textAt(server, "id"), "grants"], { grants });
  return objectsAt(answer, "grants");
}

function isOf(grant: JsonObject, identity: NamedIdentity): boolean {
  return textAt(grant, "auth_mode") === identity.mode && textAt(grant, "identity") === identity.id;
}

async function answerGrants(
  cli: Cli,
  gateway: RestClient,
  options: GatewayOption,
  grants: readonly JsonObject[],
): Promise<void> {
  const keys = options.json === true ? [] : await listKeys(gateway);
  const names = new Map(keys.map((key) => [textAt(key, "id"), textAt(key, "name")]));
  cli.answer(options, { grants }, () =>
    table(
      ["who", "auth mode", "id", "tools"],
      grants.map((grant) => [
        names.get(textAt(grant, "identity")) ?? "-",
        textAt(grant, "auth_mode"),
        textAt(grant, "identity"),
        namesAt(grant, "tools")?.join(", ") ?? "all",
      ]),
      "Nobody has a grant.",
    ),
  );
}
