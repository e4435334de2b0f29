import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { systemClock } from "../../src/server/system.ts";
import { UPSTREAM_LIMITS } from "../../src/upstream/limits.ts";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import type { Misbehaviour } from "../fixtures/misbehaviour.ts";
import { canaryValue } from "../helpers/canary.ts";
import { watchMemory } from "../helpers/memory.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool, rpc, type RpcAnswer } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { textIn } from "../helpers/test-gateway.ts";

/** Through the whole gateway: Alice uses a hostile server, Bob a good one. */

let scene: Scene;
let good: HeaderUpstream;

afterEach(async () => {
  await scene.close();
  await good.close();
});

/** The system's clock, but the time of a tool call runs out when the test says so. */
function clockOfCalls(): Clock & { runOut(): void } {
  const held = new Set<() => void>();
  return {
    ...systemClock,
    schedule(delayMs, task, options) {
      if (delayMs !== UPSTREAM_LIMITS.callTimeoutMs) {
        return systemClock.schedule(delayMs, task, options);
      }
      held.add(task);
      return () => held.delete(task);
    },
    runOut() {
      for (const task of held) task();
      held.clear();
    },
  };
}

interface Cast {
  readonly alice: string;
  readonly bob: string;
}

async function setHostileScene(clock: Clock = systemClock): Promise<Cast> {
  scene = await setScene({ gateway: { clock }, upstream: { era: "legacy" } });
  const { gateway, alice } = scene;
  await scene.connect(alice.key, scene.goodValue("alice"));
  good = await startHeaderUpstream({ era: "legacy" });
  const goodId = await gateway.register("good", good.url, canaryValue("sample"));
  const bob = await gateway.issueKey("bob");
  await gateway.grant(goodId, bob.id);
  const flow = await gateway.call("POST", `/api/v1/servers/${goodId}/flow`, keyProof(bob.key), {});
  const values = { "X-API-Key": canaryValue("bob") };
  expect((await submit(gateway, textIn(flow.body, "flow_id"), keyProof(bob.key), values)).status).toBe(200);
  return { alice: alice.key, bob: bob.key };
}

/** Whether the caller was told of a failure, as an error or as a tool result that is one. */
function isFailure({ body, result }: RpcAnswer): boolean {
  return "error" in body || result.isError === true;
}

const listOf = (key: string, path: string) =>
  rpc(scene.gateway, path, { authorization: `Bearer ${key}` }, "tools/list");

async function expectServed(bob: string): Promise<void> {
  const called = await callTool(scene.gateway, bob, "whoami", {}, "/mcp/good");
  expect([called.status, isFailure(called)]).toEqual([200, false]);
  expect((await listOf(bob, "/mcp/good")).body).toHaveProperty("result.tools");
}

describe("A30, P14: a hostile server behind the gateway", () => {
  const behaviours: readonly (readonly [string, Misbehaviour])[] = [
    ["spaces for ever", { kind: "endless", format: "json" }],
    ["a gzip bomb", { kind: "gzip_bomb", format: "json" }],
    ["a gzip bomb as events", { kind: "gzip_bomb", format: "sse" }],
    ["junk after its JSON", { kind: "junk_after", format: "json" }],
    ["junk after the JSON of an event", { kind: "junk_after", format: "sse" }],
    ["50 MB", { kind: "big_list", format: "json", bytes: 50_000_000 }],
    ["50 MB as an event", { kind: "big_list", format: "sse", bytes: 50_000_000 }],
    ["huge headers", { kind: "big_headers", bytes: 100_000 }],
    ["less than its length", { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}" }],
    ["two lengths", { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}" }],
  ];

  it("costs its caller an error, and others are served meanwhile", async () => {
    const { alice, bob } = await setHostileScene();
    const { gateway, upstream } = scene;
    const checkMemory = watchMemory();
    for (const [name, behaviour] of behaviours) {
      upstream.misbehave(behaviour);
      const [called, listed] = await Promise.all([
        callTool(gateway, alice, "whoami", {}, "/mcp/notes"),
        listOf(alice, "/mcp/notes"),
        expectServed(bob),
      ]);
      expect([name, isFailure(called)]).toEqual([name, true]);
      // A list may be known from before; what came just now is not in it.
      expect([name, JSON.stringify(listed.body).length < 10_000]).toEqual([name, true]);
    }
    checkMemory();
    upstream.misbehave(null);
    expect(isFailure(await callTool(gateway, alice, "whoami", {}, "/mcp/notes"))).toBe(false);
  });

  it("that takes for ever costs its caller the time of a call, and others are served meanwhile", async () => {
    const clock = clockOfCalls();
    const { alice, bob } = await setHostileScene(clock);
    const { gateway, upstream } = scene;
    const checkMemory = watchMemory();
    for (const behaviour of [
      { kind: "drip", format: "json" },
      { kind: "drip", format: "sse" },
      { kind: "drip_headers" },
      { kind: "endless_sse" },
      { kind: "hang" },
    ] satisfies Misbehaviour[]) {
      upstream.misbehave(behaviour);
      const before = upstream.received.length;
      const called = callTool(gateway, alice, "whoami", {}, "/mcp/notes");
      await expect.poll(() => upstream.received.length, { timeout: 15_000, interval: 10 }).toBe(before + 1);
      await expectServed(bob);
      clock.runOut();
      expect([behaviour.kind, isFailure(await called)]).toEqual([behaviour.kind, true]);
    }
    checkMemory();
  });
});
