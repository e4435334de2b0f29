import type { Command } from "commander";
import type { Schemas } from "../../client/api-types.ts";
import { isPreview } from "../../client/client.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway, collect } from "../context.ts";
import { findServer, listServers } from "../find.ts";
import { askEach, readValueLines, readValues, type TypedValues, VALUE_SOURCES } from "../header-values.ts";
import { describePreview, type DryRunOption, removeOrTry, withDryRun } from "../preview.ts";
import { headerSchemaOf, linkPolicyOf, type ServerOptions, verificationOf, withServerOptions } from "../server-body.ts";
import { describeServer, describeVerified, headerNames, nextAfterAdd, toolNames } from "../server-view.ts";
import { table } from "../text.ts";
import { addGrantCommands } from "./grants.ts";

interface SampleOptions extends GatewayOption {
  readonly sample?: readonly string[];
  readonly samplesStdin?: boolean;
}

interface AddOptions extends ServerOptions, SampleOptions {}

interface EditOptions extends ServerOptions, GatewayOption, DryRunOption {
  readonly name?: string;
  readonly url?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly allTools?: boolean;
}

export function addServerCommands(program: Command, cli: Cli): void {
  const servers = program.command("servers").description("the MCP servers behind Keyward");
  addList(servers, cli);
  addShow(servers, cli);
  addAdd(servers, cli);
  addVerify(servers, cli);
  addEdit(servers, cli);
  addRemove(servers, cli);
  addGrantCommands(servers, cli);
}

function addList(servers: Command, cli: Cli): void {
  withExamples(withGateway(servers.command("list").description("list the servers")), "keyward servers list").action(
    async (options: GatewayOption) => {
      const items = await listServers(cli.gateway(options));
      cli.answer(options, { items }, () =>
        table(
          ["name", "status", "auth", "headers", "tools", "url", "id"],
          items.map((server) => [
            server.name,
            server.status,
            server.auth_type,
            headerNames(server).join(", ") || "-",
            String(toolNames(server).length),
            server.url,
            server.id,
          ]),
          "There are no servers yet. Add one: keyward servers add <name> <url> --header <header>",
        ),
      );
    },
  );
}

function addShow(servers: Command, cli: Cli): void {
  withExamples(
    withGateway(servers.command("show").description("show one server").argument("<server>", "name or id")),
    "keyward servers show weather",
  ).action(async (name: string, options: GatewayOption) => {
    const server = await findServer(cli.gateway(options), name);
    cli.answer(options, server, () => describeServer(server));
  });
}

function addAdd(servers: Command, cli: Cli): void {
  const command = servers
    .command("add")
    .description("register a server, verify it with a sample value, and discover its tools")
    .argument("<name>", "a-z, 0-9 and _, up to 32 characters")
    .argument("<url>", "its MCP endpoint");
  withSamples(withServerOptions(withGateway(command)));
  withExamples(
    command,
    "keyward servers add weather https://mcp.example.com/mcp --header X-API-Key",
    "keyward servers add weather https://mcp.example.com/mcp --header X-API-Key --sample X-API-Key=env:WEATHER_KEY",
    "keyward servers add docs https://docs.example.com/mcp --static-header Authorization=file:./docs.token",
  ).action(async (name: string, url: string, options: AddOptions) => {
    const gateway = cli.gateway(options);
    const fields = headerSchemaOf(options);
    const staticHeaders = await readValues(cli.io, options.staticHeader ?? [], "Value");
    const required = (fields ?? []).filter((field) => field.required !== false).map((field) => field.name);
    const body = {
      name,
      url,
      auth_type: authTypeOf(fields !== undefined, Object.keys(staticHeaders).length > 0),
      header_schema: fields,
      static_headers: staticHeaders,
      sample_headers: await readSamples(cli, options, required),
      allow_all_identities: options.allowAll,
      link_policy: linkPolicyOf(options),
      verification: verificationOf(options),
      tools: options.tool,
    };
    const answer = await gateway.post("/api/v1/servers", { body });
    cli.answer(options, answer, () => describeVerified(answer));
    cli.note(nextAfterAdd(answer, cli.io.called));
  });
}

function authTypeOf(asksPeople: boolean, hasStaticHeaders: boolean): Schemas["AuthType"] {
  return asksPeople ? "per_user_headers" : hasStaticHeaders ? "headers" : "none";
}

function addVerify(servers: Command, cli: Cli): void {
  withExamples(
    withSamples(
      withGateway(
        servers
          .command("verify")
          .description("verify a server again with sample values, and discover its tools anew")
          .argument("<server>", "name or id"),
      ),
    ),
    "keyward servers verify weather",
    "keyward servers verify weather --sample X-API-Key=env:WEATHER_KEY",
    "printf 'X-API-Key=%s\\n' \"$KEY\" | keyward servers verify weather --samples-stdin",
  ).action(async (name: string, options: SampleOptions) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const names = server.header_schema.filter(({ required }) => required).map((field) => field.name);
    const samples = await readSamples(cli, options, names);
    if (samples === undefined && names.length > 0) {
      throw usageError(`A sample is needed for ${names.join(", ")}. Use --sample or --samples-stdin.`);
    }
    const answer = await gateway.post("/api/v1/servers/{id}/verify", {
      path: { id: server.id },
      body: { sample_headers: samples ?? {} },
    });
    cli.answer(options, answer, () => describeVerified(answer));
  });
}

function addEdit(servers: Command, cli: Cli): void {
  const command = servers
    .command("edit")
    .description(
      "change a server; what is declared anew (headers, tools) replaces the old, and stored values are kept where they still fit",
    )
    .argument("<server>", "name or id")
    .option("--name <name>", "new name")
    .option("--url <url>", "new MCP endpoint; on another origin everybody has to give their values again")
    .option("--enable", "let it be used")
    .option("--disable", "let nobody use it; what is stored is kept");
  withServerOptions(withGateway(command))
    .option("--all-tools", "lift the restriction to some tools")
    .option("--no-probe-tool", "call no tool while verifying");
  withDryRun(command);
  withExamples(
    command,
    "keyward servers edit weather --url https://mcp.example.com/v2/mcp",
    "keyward servers edit weather --disable",
    "keyward servers edit weather --header X-API-Key --help-url X-API-Key=https://example.com/keys",
    "keyward servers edit weather --header X-API-Key --header X-Tenant --dry-run",
  ).action(async (name: string, options: EditOptions) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    const patch = await patchOf(cli, options, server);
    if (Object.values(patch).every((value) => value === undefined)) {
      throw usageError("Nothing to change was given.");
    }
    const answer = await gateway.patch("/api/v1/servers/{id}", {
      path: { id: server.id },
      query: { dry_run: options.dryRun },
      body: patch,
    });
    cli.answer(options, answer, () => (isPreview(answer) ? describePreview(answer) : describeServer(answer)));
  });
}

async function patchOf(cli: Cli, options: EditOptions, server: Schemas["Server"]) {
  if (options.enable === true && options.disable === true) {
    throw usageError("--enable and --disable exclude each other.");
  }
  if (options.allTools === true && options.tool !== undefined) {
    throw usageError("--all-tools and --tool exclude each other.");
  }
  return {
    name: options.name,
    url: options.url,
    header_schema: headerSchemaOf(options),
    static_headers:
      options.staticHeader === undefined ? undefined : await readValues(cli.io, options.staticHeader, "Value"),
    allow_all_identities: options.allowAll,
    link_policy: linkPolicyOf(options),
    verification: verificationOf(options, server.verification),
    tools: options.allTools === true ? null : options.tool,
    enabled: options.enable ?? (options.disable === true ? false : undefined),
  };
}

function addRemove(servers: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        servers
          .command("remove")
          .description("remove a server with all grants and everything that people have stored for it")
          .argument("<server>", "name or id")
          .option("--yes", "do not ask"),
      ),
    ),
    "keyward servers remove weather",
    "keyward servers remove weather --dry-run",
  ).action(async (name: string, options: GatewayOption & DryRunOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const server = await findServer(gateway, name);
    await removeOrTry(cli, options, {
      question: `Remove ${server.name} and every value stored for it?`,
      remove: (query) => gateway.remove("/api/v1/servers/{id}", { path: { id: server.id }, query }),
      json: { removed: server.id },
      done: `${server.name} is removed.`,
    });
  });
}

function withSamples(command: Command): Command {
  return command
    .optionsGroup("A sample, for one verification, never stored:")
    .option("--sample <header>", `a value to verify with (repeatable); ${VALUE_SOURCES}`, collect)
    .option("--samples-stdin", "read NAME=VALUE lines from standard input");
}

/** @returns undefined when there is no sample at all */
async function readSamples(
  cli: Cli,
  options: SampleOptions,
  required: readonly string[],
): Promise<TypedValues | undefined> {
  const given = {
    ...(options.samplesStdin === true ? await readValueLines(cli.io) : {}),
    ...(await readValues(cli.io, options.sample ?? [], "Sample value")),
  };
  const isNamed = options.samplesStdin === true || options.sample !== undefined;
  const samples = isNamed ? given : await askEach(cli.io, required, "Sample value");
  return Object.keys(samples).length === 0 ? undefined : samples;
}
