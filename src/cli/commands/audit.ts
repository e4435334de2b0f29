import type { Command } from "commander";
import type { JsonObject } from "../../core/json.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { findIdentity, findServer, identityText, listServers } from "../find.ts";
import { namesAt, numberAt, textAt } from "../json-answer.ts";
import type { Query, RestClient } from "../rest-client.ts";
import { factsList, table, when } from "../text.ts";
import { DURATION_HELP, parseDuration, parseInstant } from "../time-text.ts";
import { limitOf } from "./connections.ts";

interface AuditOptions extends GatewayOption {
  readonly action?: string;
  readonly server?: string;
  readonly who?: string;
  readonly credential?: string;
  readonly by?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
  readonly jsonl?: boolean;
}

const DEFAULT_LIMIT = "50";

export function addAuditCommand(program: Command, cli: Cli): void {
  const audit = withGateway(program.command("audit").description("show what happened, newest first"));
  addVerify(audit, cli);
  withExamples(
    audit
      .option("--action <action>", "only this action, such as credential.stored")
      .option("--server <server>", "only about this server (name or id)")
      .option("--who <who>", "only about this virtual key (name or id) or <auth mode>:<id>")
      .option("--credential <id>", "only about this connection")
      .option("--by <who>", "only what they did: admin:<id>, <auth mode>:<id>, link:<flow id> or system")
      .option("--outcome <outcome>", "only what was ok, or refused")
      .option("--since <time>", `only since then: a duration, ${DURATION_HELP}, or a time in ISO 8601`)
      .option("--until <time>", "only before then, written like --since")
      .option("--limit <count>", `at most so many (default: ${DEFAULT_LIMIT}; with --jsonl all)`)
      .option("--jsonl", "print one JSON object a line, for other programs"),
    "keyward audit --since 24h",
    "keyward audit --server weather --action credential.rejected",
    "keyward audit --outcome refused --since 7d --until 1d",
    "keyward audit --jsonl > audit.jsonl",
    "keyward audit verify",
  ).action(async (options: AuditOptions) => {
    const gateway = cli.gateway(options);
    const query = await queryOf(cli, gateway, options);
    const most = limitOf(options.limit ?? (options.jsonl === true ? "9999999" : DEFAULT_LIMIT));
    const listing = await gateway.list(["audit"], query, most);
    if (options.jsonl === true) {
      cli.io.stdout.write(listing.items.map((event) => `${JSON.stringify(event)}\n`).join(""));
    } else {
      const names = options.json === true ? new Map<string, string>() : await serverNames(gateway);
      cli.answer(options, { ...listing }, () => describe(listing.items, names));
    }
    if (listing.next_cursor !== null) {
      cli.note("There are more: see --limit.");
    }
  });
}

async function queryOf(cli: Cli, gateway: RestClient, options: AuditOptions): Promise<Query> {
  const identity = options.who === undefined ? null : await findIdentity(gateway, options.who);
  return {
    action: options.action,
    server: options.server === undefined ? undefined : textAt(await findServer(gateway, options.server), "id"),
    auth_mode: identity?.mode,
    identity: identity?.id,
    credential: options.credential,
    actor: options.by,
    outcome: options.outcome,
    since: timeOf("since", options.since, cli.runtime.clock.now()),
    until: timeOf("until", options.until, cli.runtime.clock.now()),
  };
}

function timeOf(option: "since" | "until", text: string | undefined, now: number): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const ago = parseDuration(text);
  const time = ago === null ? parseInstant(text) : now - ago;
  if (time === null) {
    throw usageError(`--${option} is a duration, ${DURATION_HELP}, or a time in ISO 8601.`);
  }
  return Math.max(0, time);
}

function addVerify(audit: Command, cli: Cli): void {
  withExamples(
    audit
      .command("verify")
      .description("say whether the log is as it was written; exit code 1 when it is not")
      .addHelpText(
        "after",
        "\nA removed end cannot be seen from within: keep the last hash elsewhere, and look for it in a later export.",
      ),
    "keyward audit verify",
    "keyward audit verify --json",
  ).action(async (_options: GatewayOption, command: Command) => {
    const options = command.optsWithGlobals<GatewayOption>();
    const verdict = await cli.gateway(options).get(["audit", "verify"]);
    const isIntact = verdict["intact"] === true;
    cli.answer(options, verdict, (style) =>
      factsList([
        ["log", isIntact ? style("green", "intact") : style("red", "not as it was written")],
        ...(isIntact ? [] : [["first broken event", String(numberAt(verdict, "broken_at"))] as const]),
        [isIntact ? "events" : "intact events before", String(numberAt(verdict, "events"))],
        ["last hash", textAt(verdict, "last_hash")],
      ]),
    );
    if (!isIntact) {
      cli.markFailed();
    }
  });
}

async function serverNames(gateway: RestClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await listServers(gateway)).map((server) => [textAt(server, "id"), textAt(server, "name")]));
}

function describe(events: readonly JsonObject[], names: ReadonlyMap<string, string>): string {
  return table(
    ["at", "action", "outcome", "by", "server", "about", "detail"],
    events.map((event) => {
      const serverId = textAt(event, "server_id");
      return [
        when(numberAt(event, "at")),
        textAt(event, "action"),
        textAt(event, "outcome"),
        actorText(event),
        names.get(serverId) ?? (serverId || "-"),
        identityText(event, "identity") || "-",
        detailText(event),
      ];
    }),
    "Nothing happened.",
  );
}

function actorText(event: JsonObject): string {
  const kind = textAt(event, "actor", "kind");
  return kind === "identity" ? identityText(event, "actor") : [kind, textAt(event, "actor", "id")].join(" ").trim();
}

/** The parts of a detail that are words; the numbers are for `--json`. */
function detailText(event: JsonObject): string {
  const words = ["name", "verification", "reason", "client"].map((key) => textAt(event, "detail", key));
  const lists = ["fields", "changed"].flatMap((key) => namesAt(event, "detail", key) ?? []);
  const effects = namesAt(event, "effects") ?? [];
  return [...words, ...lists, ...effects].filter((text) => text !== "").join(" ");
}
