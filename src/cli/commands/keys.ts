import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { findKey, listKeys } from "../find.ts";
import { flagAt, numberAt, textAt } from "../json-answer.ts";
import { cell, table, when } from "../text.ts";
import { DURATION_HELP, parseDuration, parseInstant } from "../time-text.ts";

interface CreateOptions extends GatewayOption {
  readonly expiresIn?: string;
  readonly expiresAt?: string;
  readonly rateLimit?: string;
}

export function addKeyCommands(program: Command, cli: Cli): void {
  const keys = program.command("keys").description("virtual keys: what callers present to Keyward");
  addList(keys, cli);
  addCreate(keys, cli);
  addSwitch(keys, cli, "enable", true, "let a disabled key be used again");
  addSwitch(keys, cli, "disable", false, "let a key not be used; it can be enabled again");
  addRevoke(keys, cli);
}

function addList(keys: Command, cli: Cli): void {
  withExamples(withGateway(keys.command("list").description("list the keys")), "keyward keys list").action(
    async (options: GatewayOption) => {
      const items = await listKeys(cli.gateway(options));
      cli.answer(options, { items }, () =>
        table(
          ["name", "key", "enabled", "expires", "last used", "created", "id"],
          items.map((key) => [
            textAt(key, "name"),
            `${textAt(key, "prefix")}…`,
            flagAt(key, "enabled") ? "yes" : "no",
            when(numberAt(key, "expires_at")),
            when(numberAt(key, "last_used_at")),
            when(numberAt(key, "created_at")),
            textAt(key, "id"),
          ]),
          "There are no keys yet. Make one: keyward keys create <name>",
        ),
      );
    },
  );
}

function addCreate(keys: Command, cli: Cli): void {
  withExamples(
    withGateway(
      keys
        .command("create")
        .description("make a key and show it, this once")
        .argument("<name>", "whose it is, or what for")
        .option("--expires-in <duration>", `how long it works, ${DURATION_HELP} (default: for ever)`)
        .option("--expires-at <time>", "until when it works, such as 2027-01-31 or 2027-01-31T12:00:00Z")
        .option("--rate-limit <calls>", "calls per minute (default: no limit)"),
    ),
    "keyward keys create alice",
    "keyward keys create build-agent --expires-in 90d --rate-limit 120",
    "keyward keys create alice --json | jq -r .key",
  ).action(async (name: string, options: CreateOptions) => {
    const gateway = cli.gateway(options);
    const answer = await gateway.send("POST", ["virtual-keys"], {
      name,
      expires_at: expiryOf(options, cli.runtime.clock.now()),
      rate_limit_per_minute: rateLimitOf(options.rateLimit),
    });
    cli.answer(options, answer, () => `${cell(textAt(answer, "key"))}\n`);
    cli.note("This is the only time that the key is shown. Its holder presents it as `Authorization: Bearer kw_...`");
    cli.note(`to ${gateway.url}/mcp. Next: ${cli.io.called} servers grant <server> ${cell(textAt(answer, "name"))}`);
  });
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

function rateLimitOf(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : usage("--rate-limit is a whole number from 1 on.");
}

function usage(message: string): never {
  throw usageError(message);
}

function addSwitch(keys: Command, cli: Cli, verb: string, isEnabled: boolean, description: string): void {
  withExamples(
    withGateway(keys.command(verb).description(description).argument("<key>", "name or id")),
    `keyward keys ${verb} alice`,
  ).action(async (nameOrId: string, options: GatewayOption) => {
    const gateway = cli.gateway(options);
    const key = await findKey(gateway, nameOrId);
    const answer = await gateway.send("PATCH", ["virtual-keys", textAt(key, "id")], { enabled: isEnabled });
    cli.answer(options, answer, () => `${cell(textAt(key, "name"))} is ${isEnabled ? "enabled" : "disabled"}.\n`);
  });
}

function addRevoke(keys: Command, cli: Cli): void {
  withExamples(
    withGateway(
      keys
        .command("revoke")
        .description("end a key for good, with everything that was stored for it")
        .argument("<key>", "name or id")
        .option("--yes", "do not ask"),
    ),
    "keyward keys revoke alice",
    "keyward keys revoke vk_... --yes",
  ).action(async (nameOrId: string, options: GatewayOption & { readonly yes?: boolean }) => {
    const gateway = cli.gateway(options);
    const key = await findKey(gateway, nameOrId);
    await confirm(cli, options.yes, `Revoke ${cell(textAt(key, "name"))} and every value stored for it?`);
    await gateway.remove(["virtual-keys", textAt(key, "id")]);
    cli.answer(options, { revoked: textAt(key, "id") }, () => `${cell(textAt(key, "name"))} is revoked.\n`);
  });
}
