import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import {
  ask,
  beginSession,
  messageOf,
  modernRequest,
  type OpenAnswer,
  openRequest,
  type RawSession,
} from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { startTestGateway, textIn } from "../helpers/test-gateway.ts";

/* What a client holds open: the stream of a session, a subscription, a held call, a call that is answered on a stream. */

const HOLD_MS = 50_000;
const OPENS_URLS = { elicitation: { url: {} } };
const ALL_LISTS = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const LISTS = ["tools", "prompts", "resources"].map((list) => `notifications/${list}/list_changed`);

let scene: Scene;
let clock: TestClock;
let open: OpenAnswer[];

beforeEach(async () => {
  clock = createTestClock();
  open = [];
  scene = await setScene({ gateway: { clock } });
});

afterEach(async () => {
  open.forEach((answer) => answer.drop());
  await scene.close();
});

function kept(answer: OpenAnswer): OpenAnswer {
  open.push(answer);
  return answer;
}

/** @returns a session's own stream, past the event that it begins with */
async function streamOf(session: RawSession): Promise<OpenAnswer> {
  const stream = kept(await session.stream());
  await stream.next();
  return stream;
}

/** @returns a subscription, past its acknowledgement */
async function subscribe(key: string): Promise<OpenAnswer> {
  const subscription = kept(
    await openRequest(scene.gateway, modernRequest(key, "subscriptions/listen", { notifications: ALL_LISTS })),
  );
  await subscription.next();
  return subscription;
}

async function methodsOf(stream: OpenAnswer, count: number): Promise<unknown[]> {
  const methods: unknown[] = [];
  for (let i = 0; i < count; i += 1) methods.push((await stream.next()).message?.["method"]);
  return methods;
}

describe("a client hears that its lists have changed", () => {
  const changes: readonly [string, () => Promise<unknown>][] = [
    ["when its person has given a key", () => scene.connect(scene.alice.key, scene.goodValue("alice"))],
    ["when access is edited", () => scene.gateway.grant(scene.serverId, scene.alice.id)],
    [
      "when the server is edited",
      () => scene.gateway.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { allow_all_identities: true }),
    ],
  ];

  it.each(changes)("%s", async (_when, change) => {
    const stream = await streamOf(await beginSession(scene.gateway, scene.alice.key));
    const subscription = await subscribe(scene.alice.key);
    await change();
    expect(await methodsOf(stream, 3)).toEqual(LISTS);
    expect(await methodsOf(subscription, 3)).toEqual(LISTS);
  });

  it("once, however many streams its session has", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key);
    const streams = [await streamOf(session), await streamOf(session)];
    for (let i = 0; i < 2; i += 1) await scene.gateway.grant(scene.serverId, scene.alice.id);
    expect(await methodsOf(streams[1] ?? (await streamOf(session)), 6)).toEqual([...LISTS, ...LISTS]);
    expect(streams.map((stream) => stream.text().match(/list_changed/g)?.length ?? 0)).toEqual([0, 6]);
  });

  it("P14: and nobody else hears that a person has given a key", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const streams = [await streamOf(await beginSession(gateway, bob.key)), await subscribe(bob.key)];
    const own = await streamOf(await beginSession(gateway, alice.key));
    await scene.connect(alice.key, scene.goodValue("alice"));
    await own.next();
    expect(streams.map((stream) => stream.text().includes("list_changed"))).toEqual([false, false]);
  });
});

describe("a stream that broke", () => {
  it("goes on from the last event that came, without repeating any", async () => {
    const { alice, gateway, serverId } = scene;
    const session = await beginSession(gateway, alice.key);
    const stream = await streamOf(session);
    await gateway.grant(serverId, alice.id);
    const first = await stream.next();
    await methodsOf(stream, 2);
    stream.drop();
    await gateway.grant(serverId, alice.id);
    // It has seen one of the six that were sent.
    const resumed = kept(await session.stream(first.id ?? ""));
    expect(await methodsOf(resumed, 5)).toEqual([...LISTS.slice(1), ...LISTS]);
    await gateway.grant(serverId, alice.id);
    await resumed.next();
    expect(await methodsOf(resumed, 3)).toEqual(LISTS);
  });

  it("goes on from its beginning when nothing had come yet", async () => {
    const { alice, gateway, serverId } = scene;
    const session = await beginSession(gateway, alice.key);
    const stream = kept(await session.stream());
    const { id, message } = await stream.next();
    expect([id, message]).toEqual([expect.any(String), null]);
    stream.drop();
    await gateway.grant(serverId, alice.id);
    expect(await methodsOf(kept(await session.stream(id ?? "")), 3)).toEqual(LISTS);
  });

  it("P14: is resumed by nobody else, with the same event id", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const session = await beginSession(gateway, alice.key);
    const stream = kept(await session.stream());
    const { id } = await stream.next();
    stream.drop();
    await scene.connect(alice.key, scene.goodValue("alice"));
    const others = await beginSession(gateway, bob.key);
    const theirs = kept(await others.stream(id ?? ""));
    await theirs.next();
    await gateway.grant(serverId, alice.id, bob.id);
    expect(await methodsOf(theirs, 3)).toEqual(LISTS);
    expect(theirs.text().match(/list_changed/g)).toHaveLength(3);
  });

  it("on /mcp/<server> goes on from an id of the server's own there, and from one of Keyward's here", async () => {
    const { alice, gateway, goodValue, upstream } = scene;
    upstream.change({ era: "legacy", stateful: true });
    await scene.connect(alice.key, goodValue("alice"));
    const session = await beginSession(gateway, alice.key, { path: "/mcp/notes" });
    const { id: own } = await kept(await session.stream()).next();
    for (const id of [own ?? "", "the-server's-7"]) kept(await session.stream(id));
    const listens = (): readonly unknown[] =>
      upstream.received.filter(({ method }) => method === "GET").map(({ headers }) => headers["last-event-id"] ?? null);
    await expect.poll(() => listens().length).toBe(3);
    expect(listens().filter((id) => id !== null)).toEqual(["the-server's-7"]);
  });

  it("of an older revision begins with no event without a message", async () => {
    const { alice, gateway, serverId } = scene;
    const session = await beginSession(gateway, alice.key, { revision: "2025-06-18" });
    const stream = kept(await session.stream());
    await gateway.grant(serverId, alice.id);
    expect(await methodsOf(stream, 3)).toEqual(LISTS);
  });
});

describe("P16: an identity has a bounded number of streams", () => {
  it("four in a session, of which the oldest ends, and twenty in all", async () => {
    const { alice, gateway } = scene;
    const session = await beginSession(gateway, alice.key);
    const first = await streamOf(session);
    for (let i = 0; i < 4; i += 1) await streamOf(session);
    await first.ended;
    for (let i = 0; i < 4; i += 1) {
      const other = await beginSession(gateway, alice.key);
      for (let stream = 0; stream < 4; stream += 1) await streamOf(other);
    }
    const sixth = await beginSession(gateway, alice.key);
    const refused = await sixth.stream();
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "60"]);
    expect(await messageOf(refused)).toMatchObject({ error: { data: { code: "rate_limited" } } });

    const bob = await gateway.issueKey("bob");
    await streamOf(await beginSession(gateway, bob.key));
    open.at(-2)?.drop();
    await expect.poll(async () => kept(await sixth.stream()).status).toBe(200);
  });

  it("and twenty subscriptions", async () => {
    const { alice, gateway } = scene;
    for (let i = 0; i < 20; i += 1) await subscribe(alice.key);
    const request = modernRequest(alice.key, "subscriptions/listen", { notifications: ALL_LISTS });
    const refused = await openRequest(gateway, request);
    expect(await messageOf(refused)).toMatchObject({ error: { data: { code: "rate_limited" } } });
    await subscribe((await gateway.issueKey("bob")).key);
  });
});

/** One of each kind, of one identity, and what ends the wait of the call that is under way. */
async function holdAllOpen() {
  const { alice, gateway, goodValue, upstream } = scene;
  const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<void>();
  await scene.connect(alice.key, goodValue("alice"));
  upstream.change({
    respondWith: "sse",
    beforeAnswer: ({ tool }) => (tool === "echo" ? mayAnswer : Promise.resolve()),
  });
  await gateway.grant(await gateway.register("wiki", upstream.url, goodValue("wiki")), alice.id);
  const session = await beginSession(gateway, alice.key);
  const call: JsonObject = { name: "notes-echo", arguments: { message: "at last" } };
  const underWay = kept(await openRequest(gateway, modernRequest(alice.key, "tools/call", call)));
  await underWay.next();
  return {
    letAnswer,
    stream: await streamOf(session),
    subscription: await subscribe(alice.key),
    held: await hold(),
    underWay,
  };
}

async function hold(): Promise<OpenAnswer> {
  const { alice, gateway } = scene;
  const call: JsonObject = { name: "wiki-whoami" };
  const asked = await ask(gateway, modernRequest(alice.key, "tools/call", call, { capabilities: OPENS_URLS }));
  const { requestState = "" } = asked["result"] as JsonObject;
  const retry: JsonObject = { ...call, requestState, inputResponses: { wiki: { action: "accept" } } };
  const isHeld = clock.waitsFor(HOLD_MS);
  const held = kept(
    await openRequest(gateway, modernRequest(alice.key, "tools/call", retry, { capabilities: OPENS_URLS })),
  );
  await isHeld;
  return held;
}

it("a stop ends what stands, answers what is held, and lets the call under way finish", async () => {
  const { letAnswer, stream, subscription, held, underWay } = await holdAllOpen();
  const stopped = scene.gateway.running.stop();
  await Promise.all([stream.ended, subscription.ended]);
  expect(JSON.stringify(await messageOf(held))).toContain("/connect/");
  expect([clock.pending(HOLD_MS), underWay.text().includes("at last")]).toEqual([0, false]);
  letAnswer();
  expect(JSON.stringify(await messageOf(underWay))).toContain("at last");
  await stopped;
}, 20_000);

describe("P8: a stream ends within 5 s", () => {
  it("when its key was revoked by another gateway on the same database", async () => {
    const { alice, gateway } = scene;
    const replica = await startTestGateway({ folder: gateway.folder });
    const streams = [await streamOf(await beginSession(gateway, alice.key)), await subscribe(alice.key)];
    const bob = await gateway.issueKey("bob");
    const other = await streamOf(await beginSession(gateway, bob.key));
    await replica.admin("DELETE", `/api/v1/virtual-keys/${alice.id}`);
    await replica.close();
    clock.advance(5_000);
    await Promise.all(streams.map(({ ended }) => ended));
    await gateway.grant(scene.serverId, bob.id);
    expect(await methodsOf(other, 3)).toEqual(LISTS);
  });

  it("of the moment when its key expires", async () => {
    const { gateway } = scene;
    const expiresAt = clock.now() + 60_000;
    const { body } = await gateway.admin("POST", "/api/v1/virtual-keys", { name: "eve", expires_at: expiresAt });
    const key = textIn(body, "key");
    const streams = [await streamOf(await beginSession(gateway, key)), await subscribe(key)];
    clock.advance(64_000);
    await Promise.all(streams.map(({ ended }) => ended));
    await expect.poll(() => clock.pending(4_000)).toBe(0);
  });
});

describe("P8: a key that may call no more holds nothing open", () => {
  it.each<[string, (path: string) => Promise<{ readonly status: number }>]>([
    ["revoked", (path) => scene.gateway.admin("DELETE", path)],
    ["disabled", (path) => scene.gateway.admin("PATCH", path, { enabled: false })],
  ])("once it is %s", async (_how, act) => {
    const { alice, gateway } = scene;
    const { letAnswer, stream, subscription, held, underWay } = await holdAllOpen();
    const bob = await gateway.issueKey("bob");
    const others = [await streamOf(await beginSession(gateway, bob.key)), await subscribe(bob.key)];
    expect((await act(`/api/v1/virtual-keys/${alice.id}`)).status).toBeLessThan(300);
    const texts = await Promise.all([stream, subscription, held, underWay].map(({ ended }) => ended));
    expect(texts.join("\n")).not.toContain("at last");
    await expect.poll(() => clock.pending(HOLD_MS)).toBe(0);
    letAnswer();
    await gateway.grant(scene.serverId, bob.id);
    for (const other of others) expect(await methodsOf(other, 3)).toEqual(LISTS);
  });
});

describe("P8: who may not use a server any more holds nothing open to it", () => {
  async function bothStreams(key: string) {
    const { gateway } = scene;
    return {
      one: await streamOf(await beginSession(gateway, key, { path: "/mcp/notes" })),
      all: await streamOf(await beginSession(gateway, key)),
    };
  }

  it("once the grant is gone, here and at once; the streams of others and of all servers go on", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const [hers, his] = [await bothStreams(alice.key), await bothStreams(bob.key)];
    await gateway.grant(serverId, bob.id);
    await hers.one.ended;
    expect(await methodsOf(hers.all, 3)).toEqual(LISTS);
    expect(await methodsOf(his.all, 3)).toEqual(LISTS);
    expect(await methodsOf(his.one, 3)).toEqual(LISTS);
  });

  it("within 5 s when another gateway on the same database took it away", async () => {
    const { alice, gateway, serverId } = scene;
    const replica = await startTestGateway({ folder: gateway.folder });
    const { one, all } = await bothStreams(alice.key);
    await replica.grant(serverId);
    await replica.close();
    clock.advance(5_000);
    await one.ended;
    await gateway.grant(serverId, alice.id);
    expect(await methodsOf(all, 3)).toEqual(LISTS);
  });
});
