import { afterEach, describe, expect, it } from "vitest";
import type { McpAnswer } from "../../src/core/ports.ts";
import type { Discovered } from "../../src/core/server.ts";
import { UPSTREAM_LIMITS } from "../../src/upstream/limits.ts";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import type { Misbehaviour } from "../fixtures/misbehaviour.ts";
import { watchMemory } from "../helpers/memory.ts";
import { callFor, expectSoon, manualClock, serverFor, type TestUpstream, upstreamForTest } from "./parts.ts";

/** A hostile server costs its caller an error, and nobody else anything. */

const KEY = "key-of-alice-0123456789";
const OTHER = "key-of-bobby-0123456789";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

const DISCOVERED: Discovered = {
  era: "legacy",
  protocolVersion: "2025-11-25",
  isStateful: false,
  tools: [],
  prompts: [],
  resources: [],
  resourceTemplates: [],
  capabilities: {},
  serverInfo: null,
  instructions: null,
  at: 0,
};

interface Stage {
  readonly test: TestUpstream;
  readonly hostile: HeaderUpstream;
  readonly clock: ReturnType<typeof manualClock>;
  /** Alice's call to the hostile server. */
  alice(method?: string): Promise<McpAnswer>;
  /** Bob's call to another server. */
  bob(): Promise<McpAnswer>;
}

async function setStage(behaviour: Misbehaviour): Promise<Stage> {
  const [hostile, good] = [await startHeaderUpstream({ era: "legacy" }), await startHeaderUpstream({ era: "legacy" })];
  const clock = manualClock();
  const test = upstreamForTest({ clock });
  opened.push(hostile, good, test.upstream);
  hostile.misbehave(behaviour);
  const bobs = { identity: { mode: "virtual_key", id: "vk_bob" }, credential: { id: "cred_2", version: 1 } } as const;
  const params = { name: "whoami", arguments: {} };
  return {
    test,
    hostile,
    clock,
    alice: (method = "tools/call") =>
      test.upstream.request(serverFor(hostile.url, { discovered: DISCOVERED }), callFor(hostile.url, KEY), {
        method,
        params: method === "tools/call" ? params : {},
      }),
    bob: () =>
      test.upstream.request(
        serverFor(good.url, { id: "srv_2", discovered: DISCOVERED }),
        callFor(good.url, OTHER, bobs),
        { method: "tools/call", params },
      ),
  };
}

const unreachable = { kind: "failed", code: "upstream_unreachable" };
const notMcp = { kind: "failed", code: "upstream_protocol" };
const MANY_HEADERS = Array.from({ length: 5_000 }, (_, at) => `x-${at}: y\r\n`).join("");

describe("A30, P14: a server that", () => {
  it.each<[string, Misbehaviour]>([
    ["sends JSON one byte at a time", { kind: "drip", format: "json" }],
    ["sends events one byte at a time", { kind: "drip", format: "sse" }],
    ["sends notifications for ever", { kind: "endless", format: "sse" }],
    ["streams comments for ever", { kind: "endless_sse" }],
    ["never answers", { kind: "hang" }],
  ])("%s is given up after the time of a call, and others are served meanwhile", async (_, behaviour) => {
    const { hostile, clock, alice, bob } = await setStage(behaviour);
    const checkMemory = watchMemory();
    let isOver = false;
    const answer = alice().finally(() => (isOver = true));
    await expectSoon(() => hostile.received.length).toBe(1);
    for (let count = 0; count < 20; count += 1) expect((await bob()).kind).toBe("result");
    // What counts bytes may end it before its time does.
    if (!isOver) clock.fire(UPSTREAM_LIMITS.callTimeoutMs);
    expect((await answer).kind).toBe("failed");
    await expectSoon(() => hostile.abandoned()).toBe(1);
    checkMemory();
  });

  it.each<[string, Misbehaviour]>([
    ["sends its headers one byte at a time", { kind: "drip_headers" }],
    ["sends interim responses for ever", { kind: "early_hints" }],
  ])("%s is given up after the time of a call, and others are served meanwhile", async (_, behaviour) => {
    const { hostile, clock, alice, bob } = await setStage(behaviour);
    const checkMemory = watchMemory();
    const answer = alice();
    await expectSoon(() => hostile.received.length).toBe(1);
    expect((await bob()).kind).toBe("result");
    clock.fire(UPSTREAM_LIMITS.callTimeoutMs);
    expect(await answer).toEqual(unreachable);
    checkMemory();
  });

  it.each<[string, Misbehaviour, object]>([
    ["sends spaces for ever", { kind: "endless", format: "json" }, notMcp],
    ["sends a gzip bomb", { kind: "gzip_bomb", format: "json" }, notMcp],
    ["sends a gzip bomb as events", { kind: "gzip_bomb", format: "sse" }, notMcp],
    ["sends junk after its JSON", { kind: "junk_after", format: "json" }, notMcp],
    ["sends junk after the JSON of an event", { kind: "junk_after", format: "sse" }, unreachable],
    ["sends a tool list of 50 MB", { kind: "big_list", format: "json", bytes: 50_000_000 }, notMcp],
    ["sends a tool list of 50 MB as an event", { kind: "big_list", format: "sse", bytes: 50_000_000 }, notMcp],
    ["sends 5,000 headers", { kind: "raw", bytes: `HTTP/1.1 200 OK\r\n${MANY_HEADERS}\r\n{}` }, notMcp],
    [
      "sends less than its length says, as events",
      { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99\r\n\r\n: a\n\n" },
      unreachable,
    ],
    [
      "sends more than its length says",
      { kind: "raw", bytes: `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}${"x".repeat(1_000)}` },
      notMcp,
    ],
    [
      "breaks the chunks of its events",
      {
        kind: "raw",
        bytes: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n: a\n\n",
      },
      notMcp,
    ],
  ])("%s costs its caller an error, a bounded memory, and nobody else anything", async (_, behaviour, expected) => {
    const { hostile, alice, bob } = await setStage(behaviour);
    const checkMemory = watchMemory();
    const [answer, ...others] = await Promise.all([alice("tools/list"), bob(), bob(), bob()]);
    expect(answer).toEqual(expected);
    expect(others.map(({ kind }) => kind)).toEqual(["result", "result", "result"]);
    checkMemory();
    hostile.misbehave(null);
    expect((await alice()).kind).toBe("result");
  });

  it("is asked by 30 callers at once costs no more than its limits", async () => {
    const { alice, bob } = await setStage({ kind: "big_list", format: "sse", bytes: 50_000_000 });
    const checkMemory = watchMemory();
    const [other, ...answers] = await Promise.all([bob(), ...Array.from({ length: 30 }, () => alice("tools/list"))]);
    expect(other?.kind).toBe("result");
    expect(answers).toEqual(answers.map(() => notMcp));
    checkMemory();
  });
});
