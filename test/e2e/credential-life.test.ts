import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { runCommand } from "../cli/run-command.ts";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { engineOf, isOnPostgres } from "../helpers/engine.ts";
import { linkIn } from "../helpers/person.ts";
import { rpc } from "../helpers/rpc.ts";
import { setNotesIn } from "../helpers/set-note.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { ADMIN_TOKEN, startTestGateway, textIn, type ApiAnswer, type TestGateway } from "../helpers/test-gateway.ts";

/* One credential from the first request for it to the sweep, on the whole product; then the log is asked what it was. */

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const DAY_MS = 86_400_000;
const AGENT = "203.0.113.5";
const BROWSER = "203.0.113.9";
const OFFICE = "198.51.100.1";

let folder: string;
let clock: TestClock;
let gateway: TestGateway;
let upstream: HeaderUpstream;
let serverId: string;
let alice: { readonly id: string; readonly key: string };
const good = new Set<string>();

function goodValue(label: string): string {
  const value = canaryValue(label);
  good.add(value);
  return value;
}

function start(): Promise<TestGateway> {
  const env = { KEYWARD_TRUSTED_PROXIES: "127.0.0.1/32", KEYWARD_ORPHAN_RETENTION_DAYS: "1" };
  return startTestGateway({ folder, clock, env });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-life-"));
  clock = createTestClock();
  upstream = await startHeaderUpstream({ accepts: (value) => good.has(value) });
  gateway = await start();
  serverId = await gateway.register("notes", upstream.url, goodValue("sample"));
  alice = await gateway.issueKey("alice");
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

/** As Alice, at her browser. */
function browse(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${alice.key}`, "user-agent": FIREFOX, "x-forwarded-for": BROWSER };
  return gateway.call(method, path, headers, body);
}

/** As the administrator, at the office. */
async function administer(method: string, path: string, body: unknown): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "x-forwarded-for": OFFICE };
  const answer = await gateway.call(method, path, headers, body);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer;
}

/** As Alice's agent. */
function callTool(): Promise<Awaited<ReturnType<typeof rpc>>> {
  const headers = { authorization: `Bearer ${alice.key}`, "x-forwarded-for": AGENT };
  return rpc(gateway, "/mcp", headers, "tools/call", { name: "notes-whoami", arguments: {} });
}

function grantTo(...ids: readonly string[]): Promise<ApiAnswer> {
  const grants = ids.map((identity) => ({ auth_mode: "virtual_key", identity }));
  return administer("PUT", `/api/v1/servers/${serverId}/grants`, { grants });
}

async function submit(flowId: string, value: string): Promise<ApiAnswer> {
  await browse("GET", `/api/v1/flows/${flowId}`);
  return browse("PUT", `/api/v1/flows/${flowId}`, { headers: { "X-API-Key": value } });
}

interface Told {
  readonly at: number;
  readonly action: string;
  readonly actor: { readonly kind: string; readonly auth_mode: string | null; readonly id: string | null };
  readonly address: string | null;
  readonly version: number | null;
  readonly request_id: string | null;
  readonly detail: JsonObject | null;
  readonly effects: readonly string[] | null;
}

/** The log of one credential as an export has it, oldest first. */
async function lifeOf(credentialId: string): Promise<readonly Told[]> {
  const { text } = await gateway.admin("GET", `/api/v1/audit?credential=${credentialId}&format=jsonl`);
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Told).toReversed();
}

/** What it says, who did it, from where, and of which version. */
function short({ action, effects, actor, address, version }: Told): readonly unknown[] {
  const who = actor.kind === "identity" ? `${actor.auth_mode}:${actor.id}` : actor.kind;
  return [[action, ...(effects ?? [])].join(" "), who, address, version];
}

/** Uses are collected for five seconds. */
async function usesAreWritten(credentialId: string): Promise<void> {
  clock.advance(5_000);
  await vi.waitFor(async () => expect((await lifeOf(credentialId)).at(-1)?.action).toBe("credential.used"));
}

function audit(...words: readonly string[]) {
  const env = { KEYWARD_URL: gateway.url, KEYWARD_ADMIN_TOKEN: ADMIN_TOKEN };
  return runCommand(["audit", ...words], { env });
}

it("A53: the log tells the whole life of a credential: who, when, from where, and never a value", async () => {
  await grantTo(alice.id);
  const begun = clock.now();
  const { flowId } = linkIn((await callTool()).text);
  expect((await submit(flowId, canaryValue("mistyped"))).status).toBe(422);
  const stored = await submit(flowId, goodValue("first"));
  const id = textIn(stored.body, "credential_id");

  clock.advance(120_000);
  const first = await callTool();
  expect(setNotesIn(first.result.content)).toEqual([
    `Keyward: your key for notes was set 2 minutes ago from Firefox on Linux, ${BROWSER}. ` +
      `If that was not you, revoke it at ${gateway.url}/`,
  ]);
  expect(setNotesIn((await callTool()).result.content)).toEqual([]);
  await usesAreWritten(id);

  const edit = await browse("POST", `/api/v1/credentials/${id}/flow`, {});
  const second = goodValue("second");
  expect((await submit(textIn(edit.body, "flow_id"), second)).status).toBe(200);
  clock.advance(3_600_000);
  await callTool();
  await usesAreWritten(id);

  await grantTo();
  await grantTo(alice.id);
  const schema = (...names: readonly string[]) => ({ header_schema: names.map((name) => ({ name })) });
  await administer("PATCH", `/api/v1/servers/${serverId}`, schema("X-API-Key", "X-Tenant"));
  await administer("PATCH", `/api/v1/servers/${serverId}`, schema("X-API-Key"));

  good.delete(second);
  const refused = linkIn((await callTool()).text);
  expect((await submit(refused.flowId, goodValue("third"))).status).toBe(200);
  expect((await browse("POST", `/api/v1/credentials/${id}/test`, {})).body).toMatchObject({ outcome: "accepted" });
  await grantTo();
  clock.advance(2 * DAY_MS);
  await vi.waitFor(async () => expect((await lifeOf(id)).at(-1)).toMatchObject({ action: "credential.swept" }), {
    timeout: 20_000,
  });

  const life = await lifeOf(id);
  const her = `virtual_key:${alice.id}`;
  expect(life.map(short)).toEqual([
    ["flow.requested", her, AGENT, null],
    ["flow.opened", her, BROWSER, null],
    ["flow.verification_refused", her, BROWSER, null],
    ["credential.verified", her, BROWSER, 1],
    ["credential.stored", her, BROWSER, 1],
    ["credential.used", her, AGENT, 1],
    ["flow.requested", her, BROWSER, null],
    ["flow.opened", her, BROWSER, null],
    ["credential.verified", her, BROWSER, 2],
    ["credential.edited", her, BROWSER, 2],
    ["credential.used", her, AGENT, 2],
    ["grants.replaced orphaned", "admin", OFFICE, null],
    ["grants.replaced reactivated", "admin", OFFICE, null],
    ["server.updated needs_update", "admin", OFFICE, null],
    ["server.updated active", "admin", OFFICE, null],
    ["credential.rejected", "system", AGENT, 2],
    ["flow.requested", her, AGENT, null],
    ["flow.opened", her, BROWSER, null],
    ["credential.verified", her, BROWSER, 3],
    ["credential.edited", her, BROWSER, 3],
    ["credential.verified", her, BROWSER, 3],
    ["grants.replaced orphaned", "admin", OFFICE, null],
    ["credential.swept", "system", null, 3],
  ]);
  const times = life.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect([times[0]! >= begun, times.at(-1)! > begun + 2 * DAY_MS]).toEqual([true, true]);
  expect(life.filter((told) => told.actor.kind !== "system" && told.request_id === null)).toEqual([]);
  expect(life.find(({ action }) => action === "credential.stored")?.detail).toEqual({
    fields: ["x-api-key"],
    verification: "proven",
    client: "Firefox on Linux",
  });
  // When the gateway is closed, the values are looked for in every answer, log line and file.
  expect((await audit("verify")).stdout).toMatch(/^log +intact$/m);
}, 90_000);

it("a log that was changed in the database is found out by keyward audit verify", async () => {
  await grantTo(alice.id);
  const { flowId } = linkIn((await callTool()).text);
  const { body } = await submit(flowId, goodValue("only"));
  await administer("POST", "/api/v1/credentials/revoke", { ids: [textIn(body, "credential_id")] });
  const before = await audit("verify", "--json");
  expect([before.code, JSON.parse(before.stdout)]).toMatchObject([0, { intact: true, broken_at: null }]);
  await gateway.close();

  const { query } = await engineOf(folder);
  const [revoked] = await query("select id from audit_events where action = 'credential.revoked'");
  await query(
    isOnPostgres ? "drop trigger audit_events_append_only on audit_events" : "drop trigger audit_events_no_update",
  );
  await query(`update audit_events set actor = '{"kind":"system"}' where id = ${Number(revoked?.["id"])}`);

  gateway = await start();
  const after = await audit("verify");
  expect(after.code).toBe(1);
  expect(after.stdout).toMatch(new RegExp(`^first broken event +${Number(revoked?.["id"])}$`, "m"));
}, 90_000);
