import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { type AnyClientKind, type ClientOptions, connectClient, type TestClient } from "../helpers/mcp-clients.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { ask, type OpenAnswer, messageOf, modernRequest, openRequest } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";

/* Clients of 2026-07-28: the call is asked for more, comes again, and is held until the person has filled in the form. */

const HOLD_MS = 50_000;
const BEAT_MS = 15_000;
const OPENS_URLS = { elicitation: { url: {} } };

let scene: Scene;
let clock: TestClock;
let clients: TestClient[];

beforeEach(async () => {
  clock = createTestClock();
  clients = [];
  scene = await setScene({ gateway: { clock } });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await scene.close();
});

/** A person who opens what is asked for, and what it was. */
function visitor(action: "accept" | "decline" | "cancel" = "accept") {
  const opened: string[] = [];
  const shown: string[] = [];
  const onUrl = (url: string, message: string): typeof action => {
    opened.push(url);
    shown.push(message);
    return action;
  };
  return { opened, shown, onUrl };
}

async function connect(kind: AnyClientKind, options: ClientOptions = {}, path = "/mcp"): Promise<TestClient> {
  const client = await connectClient(kind, scene.gateway.url + path, scene.alice.key, options);
  clients.push(client);
  return client;
}

async function fillIn(url: string, value: string): Promise<void> {
  const { flowId } = linkIn(url);
  const { status } = await submit(scene.gateway, flowId, keyProof(scene.alice.key), { "X-API-Key": value });
  expect(status).toBe(200);
}

/** A call that was asked for a key and has come again: it is held. */
async function holdRaw(params = { name: "notes-whoami", arguments: {} }) {
  const asked = await ask(
    scene.gateway,
    modernRequest(scene.alice.key, "tools/call", params, { capabilities: OPENS_URLS }),
  );
  const { inputRequests, requestState } = asked["result"] as {
    inputRequests: Record<string, { params: { url: string } }>;
    requestState: string;
  };
  const retry = (): Promise<OpenAnswer> =>
    openRequest(
      scene.gateway,
      modernRequest(
        scene.alice.key,
        "tools/call",
        { ...params, requestState, inputResponses: { notes: { action: "accept" } } },
        { capabilities: OPENS_URLS },
      ),
    );
  return { url: inputRequests["notes"]?.params.url ?? "", retry };
}

function callsUpstream(): number {
  return scene.upstream.received.filter(({ method }) => method === "tools/call").length;
}

describe.each<AnyClientKind>(["SDK v2 modern", "SDK v2 auto"])("%s, which opens URLs", (kind) => {
  it.each(["/mcp", "/mcp/notes"])(
    "%s: the same call answers once the form is filled in; nothing is repeated",
    async (path) => {
      const { opened, onUrl } = visitor();
      const client = await connect(kind, { onUrl }, path);
      const isHeld = clock.waitsFor(HOLD_MS);
      const answer = client.callTool(path === "/mcp" ? "notes-whoami" : "whoami");
      await isHeld;
      expect(callsUpstream()).toBe(0);

      const value = scene.goodValue("alice");
      await fillIn(opened[0] ?? "", value);
      expect(await answer).toMatchObject({ isError: false, text: fingerprint(value) });
      expect([opened.length, callsUpstream(), clock.pending(HOLD_MS), clock.pending(BEAT_MS)]).toEqual([1, 1, 0, 0]);
    },
  );

  it("A50: an `accept` without a visit holds the call for 50 s, and then it answers with the link", async () => {
    const { opened, onUrl } = visitor();
    const client = await connect(kind, { onUrl });
    const isHeld = clock.waitsFor(HOLD_MS);
    const answer = client.callTool("notes-whoami");
    await isHeld;
    clock.advance(HOLD_MS);
    const { isError, text, structured } = await answer;
    expect([isError, structured?.["kind"], structured?.["reason"]]).toEqual([true, "headers", "missing"]);
    expect(linkIn(text).url).toContain(`${scene.gateway.url}/connect/`);
    expect([opened.length, callsUpstream(), clock.pending(HOLD_MS)]).toEqual([1, 0, 0]);

    await fillIn(text, scene.goodValue("alice"));
    expect((await client.callTool("notes-whoami")).isError).toBe(false);
  });

  it.each(["decline", "cancel"] as const)("A50: a %s answers with the link at once", async (action) => {
    const client = await connect(kind, visitor(action));
    const { isError, text } = await client.callTool("notes-whoami");
    expect([isError, linkIn(text).url.length > 0]).toEqual([true, true]);
    expect([callsUpstream(), clock.pending(HOLD_MS)]).toEqual([0, 0]);
  });

  it("a held call whose client leaves is let go, and goes nowhere when the form is filled in", async () => {
    const { opened, onUrl } = visitor();
    const client = await connect(kind, { onUrl });
    const leaving = new AbortController();
    const isHeld = clock.waitsFor(HOLD_MS);
    const answer = client.callTool("notes-whoami", {}, leaving.signal);
    await isHeld;
    leaving.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await expect.poll(() => [clock.pending(HOLD_MS), clock.pending(BEAT_MS)]).toEqual([0, 0]);
    await fillIn(opened[0] ?? "", scene.goodValue("alice"));
    await client.callTool("notes-echo", { message: "after" });
    expect(scene.upstream.received.flatMap(({ tool = [] }) => tool)).toEqual(["echo"]);
  });

  it("a key that the server refuses climbs the same ladder, and the call answers with the new one", async () => {
    const old = scene.goodValue("old");
    await scene.connect(scene.alice.key, old);
    scene.spoil(old);
    const { opened, shown, onUrl } = visitor();
    const client = await connect(kind, { onUrl });
    const isHeld = clock.waitsFor(HOLD_MS);
    const answer = client.callTool("notes-whoami");
    await isHeld;
    expect(shown).toEqual([expect.stringContaining("refused the key on file")]);

    const value = scene.goodValue("new");
    await fillIn(opened[0] ?? "", value);
    expect(await answer).toMatchObject({ isError: false, text: fingerprint(value) });
  });
});

it("A50: `accept`, said again and again, is no more than what is stored", async () => {
  const { url, retry } = await holdRaw();
  for (let round = 0; round < 3; round += 1) {
    const isHeld = clock.waitsFor(HOLD_MS);
    const answer = retry();
    await isHeld;
    clock.advance(HOLD_MS);
    expect(JSON.stringify(await messageOf(await answer))).toContain("/connect/");
  }
  expect(callsUpstream()).toBe(0);
  await fillIn(url, scene.goodValue("alice"));
  expect(await messageOf(await retry())).toMatchObject({ result: { resultType: "complete" } });
});

it("a held call is kept alive by comments", async () => {
  const { url, retry } = await holdRaw();
  const isHeld = clock.waitsFor(HOLD_MS);
  const held = await retry();
  await isHeld;
  for (let beat = 1; beat <= 3; beat += 1) {
    clock.advance(BEAT_MS);
    await held.comments(beat);
  }
  await fillIn(url, scene.goodValue("alice"));
  expect((await held.next()).message).toMatchObject({ result: { resultType: "complete" } });
  await held.ended;
  expect([clock.pending(BEAT_MS), clock.pending(HOLD_MS)]).toEqual([0, 0]);
});

it("200 held calls answer after one form, each with the value of its caller", async () => {
  const { url, retry } = await holdRaw();
  const areHeld = clock.waitsFor(HOLD_MS, 200);
  const calls = Array.from({ length: 200 }, retry);
  await areHeld;
  const value = scene.goodValue("alice");
  await fillIn(url, value);
  const texts = await Promise.all(calls.map(async (call) => JSON.stringify(await messageOf(await call))));
  expect(texts.filter((text) => text.includes(fingerprint(value)))).toHaveLength(200);
  expect([callsUpstream(), clock.pending(HOLD_MS), clock.pending(BEAT_MS)]).toEqual([200, 0, 0]);
});

it("one that takes JSON only is held too, and gets JSON", async () => {
  const { url } = await holdRaw();
  const asked = await ask(
    scene.gateway,
    modernRequest(scene.alice.key, "tools/call", { name: "notes-whoami" }, { capabilities: OPENS_URLS }),
  );
  const { requestState } = asked["result"] as { requestState: string };
  const { headers, body, path } = modernRequest(
    scene.alice.key,
    "tools/call",
    { name: "notes-whoami", requestState, inputResponses: { notes: { action: "accept" } } },
    { capabilities: OPENS_URLS },
  );
  const isHeld = clock.waitsFor(HOLD_MS);
  const answer = openRequest(scene.gateway, { path, body, headers: { ...headers, accept: "application/json" } });
  await isHeld;
  await fillIn(url, scene.goodValue("alice"));
  expect((await answer).headers["content-type"]).toBe("application/json");
  expect(await messageOf(await answer)).toMatchObject({ result: { resultType: "complete" } });
});
