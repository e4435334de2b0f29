import type { Command } from "commander";
import type { Schemas } from "../../client/api-types.ts";
import type { QueryOf } from "../../client/routes.ts";
import { AUDIT_ACTIONS, type AuditAction } from "../../core/audit.ts";
import { countOf, oneOf } from "../choice.ts";
import { type Cli, type GatewayOption, usageError, withExamples, withGateway } from "../context.ts";
import { findIdentity, findServer, IDENTITY_HELP, identityText, listServers } from "../find.ts";
import { nearest } from "../nearest.ts";
import type { RestClient } from "../rest-client.ts";
import { factsList, table, when } from "../text.ts";
import { DURATION_HELP, parseDuration, parseInstant } from "../time-text.ts";

type Event = Schemas["AuditEvent"];

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
const OUTCOMES = ["ok", "refused"] as const;

export function addAuditCommand(program: Command, cli: Cli): void {
  const audit = withGateway(program.command("audit").description("show what happened, newest first"));
  addVerify(audit, cli);
  withExamples(
    audit
      .option("--action <action>", "only this action, such as credential.stored")
      .option("--server <server>", "only about this server (name or id)")
      .option("--who <who>", `only about ${IDENTITY_HELP}`)
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
    const most = countOf("--limit", options.limit ?? (options.jsonl === true ? "9999999" : DEFAULT_LIMIT));
    const query = await queryOf(cli, gateway, options);
    const listing = await gateway.list("/api/v1/audit", { query }, most);
    if (options.jsonl === true) {
      cli.io.stdout.write(listing.items.map((event) => `${JSON.stringify(event)}\n`).join(""));
    } else {
      const names = options.json === true ? new Map<string, string>() : await serverNames(gateway);
      cli.answer(options, listing, () => describe(listing.items, names));
    }
    if (listing.next_cursor !== null) {
      cli.note("There are more: see --limit.");
    }
  });
}

async function queryOf(cli: Cli, gateway: RestClient, options: AuditOptions): Promise<QueryOf<"/api/v1/audit">> {
  const action = options.action === undefined ? undefined : actionOf(options.action);
  const outcome = options.outcome === undefined ? undefined : oneOf("--outcome", options.outcome, OUTCOMES);
  const now = cli.runtime.clock.now();
  const [since, until] = [timeOf("since", options.since, now), timeOf("until", options.until, now)];
  const identity = options.who === undefined ? undefined : await findIdentity(gateway, options.who);
  return {
    action,
    server: options.server === undefined ? undefined : (await findServer(gateway, options.server)).id,
    auth_mode: identity?.auth_mode,
    identity: identity?.identity,
    credential: options.credential,
    actor: options.by,
    outcome,
    since,
    until,
  };
}

function actionOf(text: string): AuditAction {
  const found = AUDIT_ACTIONS.find((action) => action === text);
  if (found === undefined) {
    const meant = nearest(text, AUDIT_ACTIONS);
    throw usageError(`There is no such action.${meant === null ? "" : ` Did you mean ${meant}?`}`);
  }
  return found;
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
    const verdict = await cli.gateway(options).get("/api/v1/audit/verify");
    cli.answer(options, verdict, (style) =>
      factsList([
        ["log", verdict.intact ? style("green", "intact") : style("red", "not as it was written")],
        ...(verdict.broken_at === null ? [] : [["first broken event", String(verdict.broken_at)] as const]),
        [verdict.intact ? "events" : "intact events before", String(verdict.events)],
        ["last hash", verdict.last_hash],
      ]),
    );
    if (!verdict.intact) {
      cli.markFailed();
    }
  });
}

async function serverNames(gateway: RestClient): Promise<ReadonlyMap<string, string>> {
  return new Map((await listServers(gateway)).map(({ id, name }) => [id, name]));
}

function describe(events: readonly Event[], names: ReadonlyMap<string, string>): string {
  return table(
    ["at", "action", "outcome", "by", "server", "about", "detail"],
    events.map((event) => [
      when(event.at),
      event.action,
      event.outcome,
      actorText(event),
      names.get(event.server_id ?? "") ?? event.server_id ?? "-",
      identityText(event.identity) || "-",
      detailText(event),
    ]),
    "Nothing happened.",
  );
}

function actorText({ actor }: Event): string {
  const id = actor.id ?? "";
  return actor.auth_mode === null ? `${actor.kind} ${id}`.trim() : identityText({ auth_mode: actor.auth_mode, id });
}

/** The parts of a detail that are words; the numbers are for `--json`. */
function detailText({ detail, effects }: Event): string {
  const { name = "", verification = "", reason = "", client = "", fields = [], changed = [] } = detail ?? {};
  const words = [name, verification, reason, client, ...fields, ...changed, ...(effects ?? [])];
  return words.filter((text) => text !== "").join(" ");
}
