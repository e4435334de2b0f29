import type { Command } from "commander";
import type { Schemas } from "../../client/api-types.ts";
import { isPreview } from "../../client/client.ts";
import { countOf } from "../choice.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { ALL, findKey, findUser } from "../find.ts";
import { describePreview, type DryRunOption, removeOrTry, withDryRun } from "../preview.ts";
import type { RestClient } from "../rest-client.ts";
import { cell, table, when } from "../text.ts";
import { DURATION_HELP, parseDuration, parseInstant } from "../time-text.ts";

interface ListOptions extends GatewayOption {
  readonly owner?: string;
  readonly search?: string;
}

interface CreateOptions extends GatewayOption {
  readonly owner?: string;
  readonly expiresIn?: string;
  readonly expiresAt?: string;
  readonly rateLimit?: string;
}

const SECOND_MS = 1000;

export function addKeyCommands(program: Command, cli: Cli): void {
  const keys = program.command("keys").description("virtual keys: what callers present to Keyward");
  addList(keys, cli);
  addCreate(keys, cli);
  addRotate(keys, cli);
  addSwitch(keys, cli, "enable", true, "let a disabled key be used again");
  addSwitch(keys, cli, "disable", false, "let a key not be used; it can be enabled again");
  addRevoke(keys, cli);
}

function addList(keys: Command, cli: Cli): void {
  withExamples(
    withGateway(keys.command("list").description("list the keys, newest first"))
      .option("--owner <user>", "only keys of this user (address, name or id)")
      .option("--search <text>", "only where the name or the visible characters have this text"),
    "keyward keys list",
    "keyward keys list --owner ada@example.com",
  ).action(async (options: ListOptions) => {
    const gateway = cli.gateway(options);
    const query = { owner: await ownerOf(gateway, options.owner), q: options.search };
    const { items } = await gateway.list("/api/v1/virtual-keys", { query }, ALL);
    cli.answer(options, { items }, () =>
      table(
        ["name", "key", "owner", "enabled", "expires", "last used", "created", "id"],
        items.map((key) => [
          key.name,
          `${key.prefix}…`,
          key.owner_name ?? key.owner_user_id ?? "-",
          key.enabled ? "yes" : "no",
          when(key.expires_at),
          when(key.last_used_at),
          when(key.created_at),
          key.id,
        ]),
        "There are no keys yet. Make one: keyward keys create <name>",
      ),
    );
  });
}

async function ownerOf(gateway: RestClient, text: string | undefined): Promise<string | undefined> {
  return text === undefined ? undefined : (await findUser(gateway, text)).id;
}

function addCreate(keys: Command, cli: Cli): void {
  withExamples(
    withGateway(
      keys
        .command("create")
        .description("make a key and show it, this once")
        .argument("<name>", "whose it is, or what for")
        .option("--owner <user>", "the user it acts as (address, name or id); without it, it acts as itself")
        .option("--expires-in <duration>", `how long it works, ${DURATION_HELP} (default: for ever)`)
        .option("--expires-at <time>", "until when it works, such as 2027-01-31 or 2027-01-31T12:00:00Z")
        .option("--rate-limit <calls>", "calls per minute (default: no limit)"),
    ),
    "keyward keys create laptop --owner ada@example.com",
    "keyward keys create build-agent --expires-in 90d --rate-limit 120",
    "keyward keys create alice --json | jq -r .key",
  ).action(async (name: string, options: CreateOptions) => {
    const gateway = cli.gateway(options);
    const expiresAt = expiryOf(options, cli.runtime.clock.now());
    const rateLimit = options.rateLimit === undefined ? undefined : countOf("--rate-limit", options.rateLimit);
    const body = {
      name,
      owner_user_id: await ownerOf(gateway, options.owner),
      expires_at: expiresAt,
      rate_limit_per_minute: rateLimit,
    };
    const issued = await gateway.post("/api/v1/virtual-keys", { body });
    showOnce(cli, gateway, options, issued);
    if (issued.owner_user_id === null) {
      cli.note(`Next: ${cli.io.called} servers grant <server> ${cell(issued.name)}`);
    }
  });
}

function showOnce(cli: Cli, gateway: RestClient, options: GatewayOption, issued: Schemas["IssuedVirtualKey"]): void {
  cli.answer(options, issued, () => `${cell(issued.key)}\n`);
  cli.note("This is the only time that the key is shown. Its holder presents it as `Authorization: Bearer kw_...`");
  cli.note(`to ${gateway.url}/mcp.`);
}

function addRotate(keys: Command, cli: Cli): void {
  withExamples(
    withGateway(
      keys
        .command("rotate")
        .description("replace a key by a new one and show it, this once; the old one works on for a time")
        .argument("<key>", "name or id")
        .option(
          "--overlap <duration>",
          "how long the old key works on, such as 15m, 24h or 7d, at most 30d; or 0",
          "24h",
        ),
    ),
    "keyward keys rotate build-agent",
    "keyward keys rotate build-agent --overlap 0",
  ).action(async (nameOrId: string, options: GatewayOption & { readonly overlap: string }) => {
    const gateway = cli.gateway(options);
    const overlap = overlapSecondsOf(options.overlap);
    const { id } = await findKey(gateway, nameOrId);
    const body = { overlap_seconds: overlap };
    const issued = await gateway.post("/api/v1/virtual-keys/{id}/rotate", { path: { id }, body });
    showOnce(cli, gateway, options, issued);
    cli.note(
      issued.previous_works_until === null
        ? "The old key does not work any more."
        : `The old key works until ${when(issued.previous_works_until)}.`,
    );
  });
}

function overlapSecondsOf(text: string): number {
  const ms =
    text === "0" ? 0 : (parseDuration(text) ?? usage("--overlap is a duration, such as 15m, 24h or 7d, or 0."));
  return Math.ceil(ms / SECOND_MS);
}

function expiryOf({ expiresIn, expiresAt }: CreateOptions, now: number): number | undefined {
  if (expiresIn !== undefined && expiresAt !== undefined) {
    throw usageError("--expires-in and --expires-at exclude each other.");
  }
  if (expiresIn !== undefined) {
    return now + (parseDuration(expiresIn) ?? usage(`--expires-in is a duration, ${DURATION_HELP}.`));
  }
  if (expiresAt !== undefined) {
    const at = parseInstant(expiresAt) ?? usage("--expires-at is a date or a time with a zone, in ISO 8601.");
    return at > now ? at : usage("--expires-at lies in the past.");
  }
  return undefined;
}

function usage(message: string): never {
  throw usageError(message);
}

function addSwitch(keys: Command, cli: Cli, verb: string, isEnabled: boolean, description: string): void {
  withExamples(
    withDryRun(withGateway(keys.command(verb).description(description).argument("<key>", "name or id"))),
    `keyward keys ${verb} alice`,
  ).action(async (nameOrId: string, options: GatewayOption & DryRunOption) => {
    const gateway = cli.gateway(options);
    const { id, name } = await findKey(gateway, nameOrId);
    const answer = await gateway.patch("/api/v1/virtual-keys/{id}", {
      path: { id },
      query: { dry_run: options.dryRun },
      body: { enabled: isEnabled },
    });
    cli.answer(options, answer, () =>
      isPreview(answer) ? describePreview(answer) : `${cell(name)} is ${isEnabled ? "enabled" : "disabled"}.\n`,
    );
  });
}

function addRevoke(keys: Command, cli: Cli): void {
  withExamples(
    withDryRun(
      withGateway(
        keys
          .command("revoke")
          .description("end a key for good; what was stored for a key without an owner goes with it")
          .argument("<key>", "name or id")
          .option("--yes", "do not ask"),
      ),
    ),
    "keyward keys revoke alice",
    "keyward keys revoke vk_... --yes",
  ).action(async (nameOrId: string, options: GatewayOption & DryRunOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const { id, name, owner_user_id: owner } = await findKey(gateway, nameOrId);
    await removeOrTry(cli, options, {
      question: owner === null ? `Revoke ${name} and every value stored for it?` : `Revoke ${name}?`,
      remove: (query) => gateway.remove("/api/v1/virtual-keys/{id}", { path: { id }, query }),
      json: { revoked: id },
      done: `${name} is revoked.`,
    });
  });
}
