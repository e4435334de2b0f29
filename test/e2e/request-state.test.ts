import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { ask, messageOf, modernRequest, openRequest } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { textsOf } from "../helpers/set-note.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";

/* `requestState` of 2026-07-28: what a client hands back, and may have got from anywhere. */

const HOLD_MS = 50_000;
const TEN_MINUTES = 10 * 60_000;
const ACCEPTED: JsonObject = { notes: { action: "accept" } };
const CALL: JsonObject = { name: "notes-echo", arguments: { message: "one" } };
const PROMPT = { name: "greet", description: "Greets.", arguments: [] };

let scene: Scene;
let clock: TestClock;

beforeEach(async () => {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock }, upstream: { content: { prompts: [PROMPT] } } });
});

afterEach(() => scene.close());

function send(key: string, method: string, params: JsonObject): Promise<JsonObject> {
  return ask(scene.gateway, modernRequest(key, method, params, { capabilities: { elicitation: { url: {} } } }));
}

async function stateOf(key: string, method = "tools/call", params = CALL): Promise<string> {
  const { result } = await send(key, method, params);
  const { requestState } = result as { requestState: string };
  expect(requestState).toMatch(/^[\x21-\x7e]+$/);
  return requestState;
}

async function connect(key: string): Promise<void> {
  const asked = JSON.stringify(await send(key, "tools/call", CALL));
  const { flowId } = linkIn(asked.replaceAll('"', " "));
  const proof = keyProof(key);
  expect((await submit(scene.gateway, flowId, proof, { "X-API-Key": scene.goodValue("x") })).status).toBe(200);
}

const ASKED_AGAIN = { result: { resultType: "input_required", requestState: expect.any(String) } };

function retried(requestState: string, params: JsonObject = CALL): JsonObject {
  return { ...params, requestState, inputResponses: ACCEPTED };
}

describe("A49: a state that is not of this very request holds nothing and is asked for again", () => {
  const expectNothingDone = (): void => {
    expect(clock.pending(HOLD_MS)).toBe(0);
    expect(scene.upstream.received.filter(({ method }) => method === "tools/call")).toEqual([]);
  };

  it("when it was tampered with", async () => {
    const state = await stateOf(scene.alice.key);
    const [body = "", mac = ""] = state.split(".");
    const wrong = [
      `${state}0`,
      state.slice(0, -1),
      `${body.slice(0, -1)}${body.endsWith("A") ? "B" : "A"}.${mac}`,
      `${body}.${"0".repeat(64)}`,
    ];
    for (const each of wrong) {
      expect(await send(scene.alice.key, "tools/call", retried(each)), each.slice(-80)).toMatchObject(ASKED_AGAIN);
    }
    expectNothingDone();
  });

  it("when it was made for another caller", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const state = await stateOf(alice.key);
    expect(await send(bob.key, "tools/call", retried(state))).toMatchObject(ASKED_AGAIN);
    expectNothingDone();
  });

  it("when it was made for another tool, other arguments or another method", async () => {
    const { alice } = scene;
    const state = await stateOf(alice.key);
    for (const params of [
      { ...CALL, name: "notes-whoami" },
      { ...CALL, arguments: { message: "two" } },
      { name: CALL["name"] ?? "" },
    ]) {
      expect(await send(alice.key, "tools/call", retried(state, params))).toMatchObject(ASKED_AGAIN);
    }
    const ofPrompt = await stateOf(alice.key, "prompts/get", { name: "notes-greet" });
    expect(await send(alice.key, "prompts/get", retried(state, { name: "notes-greet" }))).toMatchObject(ASKED_AGAIN);
    expect(await send(alice.key, "tools/call", retried(ofPrompt))).toMatchObject(ASKED_AGAIN);
    expectNothingDone();
  });

  it("when ten minutes have passed", async () => {
    const state = await stateOf(scene.alice.key);
    clock.advance(TEN_MINUTES);
    expect(await send(scene.alice.key, "tools/call", retried(state))).toMatchObject(ASKED_AGAIN);
    expectNothingDone();
  });
});

it("A49: until then it holds its own request", async () => {
  const state = await stateOf(scene.alice.key);
  clock.advance(TEN_MINUTES - 1_000);
  const isHeld = clock.waitsFor(HOLD_MS);
  const request = modernRequest(scene.alice.key, "tools/call", retried(state), {
    capabilities: { elicitation: { url: {} } },
  });
  const held = openRequest(scene.gateway, request);
  await isHeld;
  clock.advance(HOLD_MS);
  expect(await messageOf(await held)).toMatchObject({ result: { isError: true } });
});

/** What the server got as the state of calls. */
function statesUpstream(): unknown[] {
  return scene.upstream.received
    .filter(({ method }) => method === "tools/call")
    .map(({ params }) => [params["requestState"], params["inputResponses"]]);
}

describe.each(["/mcp", "/mcp/notes"])("on %s, with a key on file", (path) => {
  const call = path === "/mcp" ? CALL : { ...CALL, name: "echo" };
  const sendHere = (key: string, params: JsonObject): Promise<JsonObject> =>
    ask(scene.gateway, modernRequest(key, "tools/call", params, { path, capabilities: { elicitation: { url: {} } } }));

  it("A49: a state that is played back has no effect beyond the call, which any caller could have made", async () => {
    const { alice } = scene;
    const { requestState = "" } = (await sendHere(alice.key, call))["result"] as JsonObject;
    await connect(alice.key);
    for (let i = 0; i < 3; i += 1) {
      const { result } = await sendHere(alice.key, { ...call, requestState, inputResponses: ACCEPTED });
      expect(textsOf(result)).toEqual(["one"]);
    }
    expect(statesUpstream()).toEqual(Array.from({ length: 3 }, () => [undefined, undefined]));
  });

  it("A49: Keyward's own state never reaches the server, not even an old one or that of another request", async () => {
    const { alice, gateway, serverId } = scene;
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const states = [
      (await sendHere(alice.key, call))["result"],
      (await sendHere(alice.key, { ...call, arguments: { message: "two" } }))["result"],
      (await sendHere(bob.key, call))["result"],
    ].map((result) => (result as JsonObject)["requestState"] ?? "");
    await connect(alice.key);
    clock.advance(TEN_MINUTES);
    for (const requestState of states) {
      await sendHere(alice.key, { ...call, requestState, inputResponses: ACCEPTED });
    }
    expect(statesUpstream()).toEqual(Array.from({ length: 3 }, () => [undefined, undefined]));
  });

  it("a server's own state passes as it is, in both directions", async () => {
    const { alice, upstream } = scene;
    await connect(alice.key);
    const requestState = 'st"ate\u00e9 kwr_x.y';
    const inputResponses = { name: { action: "accept", content: { name: "Ann" } } };
    await sendHere(alice.key, { ...call, requestState, inputResponses });
    expect(statesUpstream()).toEqual([[requestState, inputResponses]]);

    const inputRequests = {
      name: { method: "elicitation/create", params: { mode: "url", message: "m", url: "https://a.example" } },
    };
    upstream.misbehave({
      kind: "result",
      on: ["tools/call"],
      result: { resultType: "input_required", requestState, inputRequests },
    });
    if (path === "/mcp/notes") {
      expect(await sendHere(alice.key, call)).toMatchObject({
        result: { resultType: "input_required", requestState, inputRequests },
      });
    }
  });
});
