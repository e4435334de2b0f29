import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { HeaderUpstreamOptions } from "../fixtures/header-upstream.ts";
import { type AnyClientKind, connectClient } from "../helpers/mcp-clients.ts";
import { bearer, beginSession, modernRequest, openRequest, type RawSession, startRequest } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* How a client's giving up reaches the server: 2026-07-28 by going away, the older revisions by saying so. */

const CANCELLED = "notifications/cancelled";
const ARGUMENTS: JsonObject = { message: "late" };

let scene: Scene;
/** Resolves when the call has come to the server. */
let arrived: Promise<void>;
let letAnswer: () => void;

async function start(upstream: HeaderUpstreamOptions = {}): Promise<void> {
  scene = await setScene({ upstream });
  await scene.connect(scene.alice.key, scene.goodValue("alice"));
  const { promise: mayAnswer, resolve } = Promise.withResolvers<void>();
  const { promise, resolve: arrive } = Promise.withResolvers<void>();
  letAnswer = resolve;
  arrived = promise;
  scene.upstream.change({
    before: async ({ tool }) => {
      if (tool !== "echo") return;
      arrive();
      await mayAnswer;
    },
  });
}

afterEach(async () => {
  letAnswer();
  await scene.close();
});

/** Of the call that waits at the server. */
function callUpstream() {
  return scene.upstream.received.find(({ tool }) => tool === "echo");
}

function cancellations() {
  return scene.upstream.received.filter(({ method }) => method === CANCELLED);
}

describe.each([
  ["/mcp", "notes-echo"],
  ["/mcp/notes", "echo"],
])("a modern client on %s that goes away", (path, name) => {
  it("has its request to the server aborted", async () => {
    await start({ era: "modern" });
    const call = modernRequest(scene.alice.key, "tools/call", { name, arguments: ARGUMENTS }, { path });
    const request = startRequest(scene.gateway.url + path, "POST", call.headers, call.body);
    await arrived;
    expect(scene.upstream.abandoned()).toBe(0);
    request.destroy();
    await expect.poll(() => scene.upstream.abandoned()).toBe(1);
    expect(cancellations()).toEqual([]);
  });

  it("is cancelled at a legacy server by the id that this one knows, in its session", async () => {
    await start({ era: "legacy", stateful: true });
    const call = modernRequest(scene.alice.key, "tools/call", { name, arguments: ARGUMENTS }, { path });
    const request = startRequest(scene.gateway.url + path, "POST", call.headers, call.body);
    await arrived;
    request.destroy();
    await expect.poll(() => cancellations().length).toBe(1);
    const [notice] = cancellations();
    expect(notice?.params["requestId"]).toBe(callUpstream()?.id);
    expect(callUpstream()?.id).not.toBe(call.body["id"]);
    expect(notice?.headers["mcp-session-id"]).toBe(callUpstream()?.headers["mcp-session-id"]);
    expect(scene.upstream.abandoned()).toBe(1);
  });
});

it.each<AnyClientKind>(["SDK v1", "SDK v2 legacy", "SDK v2 modern"])(
  "%s: an aborted call is aborted at the server",
  async (kind) => {
    await start({ era: "legacy", stateful: true });
    const client = await connectClient(kind, `${scene.gateway.url}/mcp`, scene.alice.key);
    const giveUp = new AbortController();
    const answer = client.callTool("notes-echo", ARGUMENTS, giveUp.signal);
    await arrived;
    giveUp.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await expect.poll(() => cancellations().map(({ params }) => params["requestId"])).toEqual([callUpstream()?.id]);
    await expect.poll(() => scene.upstream.abandoned()).toBe(1);
    await client.close();
  },
);

describe("a legacy client", () => {
  async function callIn(session: RawSession, name: string, id: number) {
    const { path, headers } = session;
    const body = { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: ARGUMENTS } };
    const answer = openRequest(scene.gateway, { path, headers, body });
    await arrived;
    return answer;
  }

  function cancel({ path, headers }: RawSession, params: JsonObject) {
    return openRequest(scene.gateway, { path, headers, body: { jsonrpc: "2.0", method: CANCELLED, params } });
  }

  beforeEach(() => start({ era: "legacy", stateful: true }));

  it("cancels on /mcp what is under way at whichever server", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key);
    const answer = callIn(session, "notes-echo", 77);
    await arrived;
    expect((await cancel(session, { requestId: 77, reason: "Enough." })).status).toBe(202);
    await expect.poll(() => cancellations().map(({ params }) => params["requestId"])).toEqual([callUpstream()?.id]);
    expect(callUpstream()?.id).not.toBe(77);
    // Nobody waits for an answer, so there is none.
    expect([(await answer).status, await (await answer).ended]).toEqual([202, ""]);
  });

  it("cancels on /mcp/<server> in its own words", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key, { path: "/mcp/notes" });
    const answer = callIn(session, "echo", 77);
    await arrived;
    const params = { requestId: 77, reason: "Enough.", "com.example/more": [1, { a: "b" }] };
    expect((await cancel(session, params)).status).toBe(202);
    await answer;
    await expect.poll(() => scene.upstream.abandoned()).toBe(1);
    expect(cancellations()[0]?.params).toEqual(params);
    expect(callUpstream()?.id).toBe(77);
    expect(new Set(cancellations().map(({ headers }) => headers["mcp-session-id"]))).toEqual(
      new Set([callUpstream()?.headers["mcp-session-id"]]),
    );
    expect(cancellations()).toHaveLength(1);
  });

  it("P14: cancels nothing of another session, and nothing of another identity", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const session = await beginSession(gateway, alice.key);
    const answer = callIn(session, "notes-echo", 77);
    await arrived;
    for (const other of [await beginSession(gateway, alice.key), await beginSession(gateway, bob.key)]) {
      expect((await cancel(other, { requestId: 77 })).status).toBe(202);
    }
    const stolen = { ...session, headers: { ...session.headers, ...bearer(bob.key) } };
    expect((await cancel(stolen, { requestId: 77 })).status).toBe(404);
    letAnswer();
    expect(await (await answer).ended).toContain("late");
    expect(cancellations()).toEqual([]);
  });

  it("that merely goes away from /mcp cancels nothing", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key);
    const body: JsonObject = {
      jsonrpc: "2.0",
      id: 77,
      method: "tools/call",
      params: { name: "notes-echo", arguments: ARGUMENTS },
    };
    const request = startRequest(`${scene.gateway.url}/mcp`, "POST", session.headers, body);
    await arrived;
    request.destroy();
    // Answered after it: by then the gateway has noticed.
    await session.request("tools/list");
    await session.request("tools/list");
    letAnswer();
    await expect.poll(() => scene.gateway.log().match(/"method":"tools\/call"/g)?.length).toBeGreaterThan(1);
    expect([cancellations(), scene.upstream.abandoned()]).toEqual([[], 0]);
  });
});
