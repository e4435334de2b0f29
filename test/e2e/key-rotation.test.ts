import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ERROR_TABLE, type ErrorCode } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "../cli/run-command.ts";
import { present } from "../contract/fixtures.ts";
import { fingerprint, startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { engineOf } from "../helpers/engine.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway, textIn, type ApiAnswer, type TestGateway } from "../helpers/test-gateway.ts";

/*
 * Data keys and the key-encryption key are replaced while people call and submit values, through two gateways on one
 * database. Every call either carries the caller's own newest value or fails in a way that may be tried again.
 */

const PEOPLE = 4;
/** Between any two steps so many calls come through, of each person and of both gateways together. */
const CALLS_BETWEEN = 6;

let folder: string;
let upstream: HeaderUpstream;
let gateways: (TestGateway | null)[];
let env: Record<string, string>;
let serverId: string;
const good = new Set<string>();

function goodValue(label: string): string {
  const value = canaryValue(label);
  good.add(value);
  return value;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-rotation-"));
  upstream = await startHeaderUpstream({ accepts: (value) => good.has(value) });
  env = {};
  const first = await startTestGateway({ folder });
  serverId = await first.register("notes", upstream.url, goodValue("sample"));
  const forAll = {
    auth_type: "headers",
    static_headers: { "X-API-Key": goodValue("static") },
    allow_all_identities: true,
  };
  const { status } = await first.admin("POST", "/api/v1/servers", { name: "shared", url: upstream.url, ...forAll });
  if (status !== 201) {
    throw new Error(`the shared server was answered with ${status}`);
  }
  gateways = [first, await startTestGateway({ folder })];
});
afterEach(async () => {
  await Promise.all(running().map((gateway) => gateway.close()));
  await upstream.close();
  rmSync(folder, { recursive: true });
});

function running(): readonly TestGateway[] {
  return gateways.flatMap((gateway) => gateway ?? []);
}

async function keyward(...args: readonly string[]): Promise<JsonObject> {
  const runtime = createRuntime();
  const configured = (await engineOf(folder)).envWith({ KEYWARD_LOG_LEVEL: "silent", ...env });
  const { code, stdout, stderr } = await runCommand([...args, "--json"], { runtime, env: configured });
  expect([args.join(" "), code, stderr]).toEqual([args.join(" "), 0, expect.not.stringContaining("error")]);
  return JSON.parse(stdout) as JsonObject;
}

/** Whatever goes wrong in front of the gateway, while it is restarted, may be tried again as well. */
function assertRetryable(what: string, code: unknown, answer: unknown): void {
  const facts = ERROR_TABLE[code as ErrorCode] as { readonly retryable: boolean } | undefined;
  expect([what, facts?.retryable], JSON.stringify(answer)).toEqual([what, true]);
}

interface Person {
  readonly key: string;
  /** What is stored, as far as was acknowledged; more than one after a submission of unknown outcome. */
  possible: readonly string[];
  calls: number;
  submissions: number;
}

/** Calls and submits through whichever gateway is up, until it is told to stop. */
async function live(person: Person, index: number, isOver: () => boolean): Promise<void> {
  for (let n = index; !isOver(); n += 1) {
    const gateway = gateways[n % 2] ?? gateways[(n + 1) % 2];
    if (gateway) {
      await (n % 5 === 0 ? edit(person, gateway) : call(person, gateway, n % 5 === 1 ? "shared" : "notes"));
    }
    await turn();
  }
}

async function call(person: Person, gateway: TestGateway, server: string): Promise<void> {
  const answer = await callTool(gateway, person.key, `${server}-whoami`).catch(() => null);
  if (answer === null) {
    return;
  }
  const { error } = answer.body as { readonly error?: { readonly data?: { readonly code?: string } } };
  if (error !== undefined) {
    assertRetryable("call", error.data?.code, answer.body);
    return;
  }
  const expected = server === "shared" ? [...good].filter((value) => value.includes("static")) : person.possible;
  expect(expected.map(fingerprint)).toContain(answer.text);
  person.calls += 1;
}

async function edit(person: Person, gateway: TestGateway): Promise<void> {
  const proof = keyProof(person.key);
  const opened = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, proof, {}).catch(() => null);
  if (!wasDone("flow", opened, 201)) {
    return;
  }
  const value = goodValue("value");
  const before = person.possible;
  person.possible = [...before, value];
  const stored = await submit(gateway, textIn(opened.body, "flow_id"), proof, { "X-API-Key": value }).catch(() => null);
  if (wasDone("submit", stored, 200)) {
    person.possible = [value];
    person.submissions += 1;
  } else if (stored !== null) {
    person.possible = before;
  }
}

function wasDone(what: string, answer: ApiAnswer | null, expected: number): answer is ApiAnswer {
  if (answer !== null && answer.status !== expected) {
    assertRetryable(what, (answer.body["error"] as JsonObject | undefined)?.["code"], answer.text);
  }
  return answer?.status === expected;
}

async function introduce(): Promise<readonly Person[]> {
  const gateway = present(running()[0]);
  const keys = await Promise.all(Array.from({ length: PEOPLE }, (_, n) => gateway.issueKey(`person ${n}`)));
  await gateway.grant(serverId, ...keys.map(({ id }) => id));
  const people = keys.map(({ key }): Person => ({ key, possible: [], calls: 0, submissions: 0 }));
  for (const person of people) {
    await edit(person, gateway);
    expect(person.submissions).toBe(1);
  }
  return people;
}

async function restart(index: number): Promise<void> {
  const gateway = gateways[index];
  gateways[index] = null;
  await gateway?.close();
  expect(gateway?.log()).not.toContain("credential_unreadable");
  gateways[index] = await startTestGateway({ folder, env });
}

async function replaceDataKey(): Promise<void> {
  const old = textIn(await keyward("vault", "rotate"), "previous_key_id");
  await keyward("vault", "rewrap");
  for (;;) {
    const { keys } = (await keyward("vault", "status")) as unknown as { keys: { id: string; may_retire: boolean }[] };
    if (keys.find(({ id }) => id === old)?.may_retire === true) {
      break;
    }
    // What a gateway sealed before it heard of the rotation.
    await keyward("vault", "rewrap");
  }
  await keyward("vault", "retire", old, "--yes");
}

it("A66: keys are replaced under load: not one unreadable row, and no failure that may not be tried again", async () => {
  const people = await introduce();
  let isOver = false;
  const lives = people.map((person, index) => live(person, index, () => isOver));
  const failed = Promise.all(lives);
  const calm = async (): Promise<void> => {
    const until = people.map(({ calls }) => calls + CALLS_BETWEEN);
    while (people.some(({ calls }, index) => calls < (until[index] ?? 0))) {
      await Promise.race([failed, turn()]);
    }
  };

  try {
    await calm();
    await replaceDataKey();
    await calm();

    const next = join(folder, "next.key");
    const key = textIn(await keyward("vault", "generate-key"), "key");
    writeFileSync(next, `${key}\n`, { mode: 0o600 });
    await keyward("vault", "stage", "--new-key-file", next);
    await calm();
    env = { KEYWARD_ENCRYPTION_KEY_FILE: next };
    await restart(0);
    await calm();
    await restart(1);
    await keyward("vault", "promote");
    await calm();
    await replaceDataKey();
    await calm();
  } finally {
    isOver = true;
  }
  await failed;

  // Everything that is stored, opened by gateways that have just read their keys.
  await restart(0);
  await restart(1);
  for (const person of people) {
    for (const gateway of running()) {
      const { text } = await callTool(gateway, person.key, "notes-whoami");
      expect(person.possible.map(fingerprint)).toContain(text);
      const shared = await callTool(gateway, person.key, "shared-whoami");
      expect([...good].filter((value) => value.includes("static")).map(fingerprint)).toContain(shared.text);
    }
  }
  const { keys } = (await keyward("vault", "status")) as unknown as {
    keys: { kind: string; state: string; sealed: JsonObject }[];
  };
  const data = keys.filter(({ kind }) => kind === "data").map(({ state, sealed }) => [state, sealed]);
  const nothing = { credentials: 0, servers: 0, oauth_records: 0 };
  const retired = ["retired", nothing];
  expect(data).toEqual([retired, retired, ["current", { credentials: PEOPLE, servers: 1, oauth_records: 0 }]]);
  expect((await present(running()[0]).admin("GET", "/api/v1/audit/verify")).body["intact"]).toBe(true);
}, 180_000);
