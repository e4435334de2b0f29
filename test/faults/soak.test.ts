import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../src/server/system.ts";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo, giveValue } from "../helpers/connected.ts";
import { isOnPostgres } from "../helpers/engine.ts";
import { watchMemory } from "../helpers/memory.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { type Chance, SEEDS, withSeed } from "../helpers/seeds.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

// As fast as the machine lets them, and it may be busy.
vi.setConfig({ testTimeout: 180_000 });

/** Thousands of calls of all kinds, with faults in between, and afterwards nothing is held that was not held before. */

const ROUNDS = 4;
/** Fewer on PostgreSQL, so that both together do not take twice as long. */
const CALLS_A_ROUND = isOnPostgres ? 200 : 400;
const AT_ONCE = 10;
/** Sockets that are kept for the next call come and go by a few. */
const SLACK = 12;

let gateway: TestGateway;
let upstream: HeaderUpstream;
let good: Set<string>;
/** Milliseconds that the gateway's clock is ahead: links of one binding are rationed by the minute. */
let ahead: number;

beforeEach(async () => {
  ahead = 0;
  good = new Set([canaryValue("sample")]);
  upstream = await startHeaderUpstream({ accepts: (value) => good.has(value) });
  gateway = await startTestGateway({
    keepsAnswers: false,
    clock: { ...systemClock, now: () => systemClock.now() + ahead },
    upstream: { limits: { connectTimeoutMs: 500, headersTimeoutMs: 150, callTimeoutMs: 300 } },
  });
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

interface Held {
  readonly files: number;
  readonly timers: number;
  readonly sockets: number;
}

/** What the process holds once nothing is under way any more. */
function held(): Held {
  const resources = process.getActiveResourcesInfo();
  const count = (pattern: RegExp): number => resources.filter((name) => pattern.test(name)).length;
  return { files: readdirSync("/proc/self/fd").length, timers: count(/^Timeout$/), sockets: count(/TCP/) };
}

async function oneCall(key: string, chance: Chance): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  switch (chance.below(8)) {
    case 0:
      await rpc(gateway, "/mcp", headers, "tools/list");
      return;
    case 1:
      await rpc(gateway, "/mcp/notes", headers, "tools/list");
      return;
    case 2:
      await callTool(gateway, "kw_nobody", "notes-whoami");
      return;
    case 3: {
      // The client leaves before it is answered.
      const controller = new AbortController();
      const leaving = fetch(`${gateway.url}/mcp`, {
        method: "POST",
        signal: controller.signal,
        headers: { ...headers, "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "notes-whoami" } }),
      }).then(
        (response) => response.text(),
        () => "",
      );
      setImmediate(() => controller.abort());
      await leaving.catch(() => "");
      return;
    }
    case 4:
      await gateway.admin("GET", "/api/v1/audit?limit=20");
      return;
    default:
      await callTool(gateway, key, "notes-echo", { message: "hello" });
  }
}

async function oneRound(serverId: string, key: string, chance: Chance): Promise<void> {
  for (let done = 0; done < CALLS_A_ROUND; done += AT_ONCE) {
    const fault = chance.below(10);
    upstream.misbehave(fault === 0 ? { kind: "hang", on: ["tools/call"] } : null);
    await Promise.all(Array.from({ length: AT_ONCE }, () => oneCall(key, chance)));
    upstream.misbehave(null);
    if (fault === 1) {
      const value = canaryValue("again");
      good.add(value);
      ahead += 60_001;
      await giveValue(gateway, serverId, key, value);
    } else if (fault === 2) {
      upstream.endSessions();
    }
  }
}

it("A70: thousands of mixed calls and faults leave memory, files, sockets and timers as they were", async () => {
  const [seed = 1] = SEEDS;
  await withSeed(seed, async (chance) => {
    const serverId = await gateway.register("notes", upstream.url, [...good][0] ?? "");
    const value = canaryValue("alice");
    good.add(value);
    const alice = await connectTo(gateway, { id: serverId, name: "notes" }, value);
    await oneRound(serverId, alice.key, chance);
    const before = held();
    const assertFlat = watchMemory({ everyMs: 1_000 });
    for (let round = 1; round < ROUNDS; round += 1) {
      await oneRound(serverId, alice.key, chance);
    }
    assertFlat();
    const after = held();
    expect(after.files - before.files).toBeLessThan(SLACK);
    expect(after.sockets - before.sockets).toBeLessThan(SLACK);
    expect(after.timers - before.timers).toBeLessThan(SLACK);
  });
});
