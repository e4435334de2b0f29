import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import {
  type Asked,
  events,
  json,
  rpc,
  type ScriptedUpstream,
  startScriptedUpstream,
} from "../fixtures/scripted-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";
import { expectSoon } from "../upstream/parts.ts";

/* What makes a stored value a refused one where answers are streams, and what does not. */

let gateway: TestGateway;
let remote: ScriptedUpstream;
let key = "";
let value = "";
let session = "";
let isGood = true;
/** How a tool call is answered; by default with a result. */
let answerCall: (asked: Asked, response: Parameters<typeof json>[0]) => void;

const succeed: typeof answerCall = (asked, response) => json(response, rpc(asked, { result: { content: [] } }));

beforeEach(async () => {
  isGood = true;
  answerCall = succeed;
  const sample = canaryValue("sample");
  value = canaryValue("alice");
  remote = await startScriptedUpstream({
    isStateful: true,
    accepts: (one) => one === sample || (one === value && isGood),
    answer: (asked, response) => {
      if (asked.httpMethod === "GET") events(response)({ jsonrpc: "2.0", method: "notifications/x" });
      else if (asked.method === "tools/list") json(response, rpc(asked, { result: { tools: [] } }));
      else answerCall(asked, response);
    },
  });
  gateway = await startTestGateway();
  const id = await gateway.register("notes", remote.url, sample);
  ({ key } = await connectTo(gateway, { id, name: "notes" }, value));
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
  session = (await send("POST", { id: 0, method: "initialize", params })).session;
  remote.asked.length = 0;
});

afterEach(async () => {
  await gateway.close();
  await remote.close();
});

async function open(method: string, message?: JsonObject, isInSession = true): Promise<Response> {
  return fetch(`${gateway.url}/mcp/notes`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept: "application/json, text/event-stream",
      ...(message === undefined ? {} : { "content-type": "application/json" }),
      ...(isInSession && session !== "" ? { "mcp-session-id": session } : {}),
    },
    ...(message === undefined ? {} : { body: JSON.stringify({ jsonrpc: "2.0", ...message }) }),
  });
}

async function send(method: string, message?: JsonObject, isInSession = true) {
  const response = await open(method, message, isInSession);
  return { text: await response.text(), session: response.headers.get("mcp-session-id") ?? "" };
}

const call = (id: number, isInSession = true) =>
  send("POST", { id, method: "tools/call", params: { name: "t" } }, isInSession);

async function status(): Promise<JsonValue[]> {
  const { body } = await gateway.admin("GET", "/api/v1/credentials");
  return (body["items"] as JsonObject[]).map((row) => row["status"] ?? null);
}

/** Says something first, so that the answer is a stream when the refusal comes. */
function inStream(error: JsonObject): typeof answerCall {
  return (asked, response) => {
    const write = events(response);
    write({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "working" } });
    write(rpc(asked, { error }));
    response.end();
  };
}

describe("A57: a value that the server refuses in the middle of a stream", () => {
  it.each([true, false])(
    "is tried once more, then marked; that stream has the link, and nothing more is sent (session: %s)",
    async (isInSession) => {
      // What is under way with the value when it is refused ends too.
      answerCall = (_, response) => events(response)({ jsonrpc: "2.0", method: "notifications/y" });
      const [pending, listening] = [
        open("POST", { id: 7, method: "tools/call", params: { name: "slow" } }),
        open("GET"),
      ];
      await Promise.all([pending, listening]);
      await expectSoon(
        () => remote.methods().filter((method) => method === "GET" || method === "tools/call").length,
      ).toBe(2);
      remote.asked.length = 0;

      answerCall = (asked, response) => {
        isGood = false;
        inStream({ code: -32_001, message: "Unauthorized" })(asked, response);
      };
      const { text } = await call(1, isInSession);
      const messages = [...text.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => JSON.parse(data) as JsonObject);
      expect(messages).toMatchObject([
        { method: "notifications/message" },
        { id: 1, result: { structuredContent: { reason: "rejected" } } },
      ]);
      expect(text).toContain(`${gateway.url}/connect/`);
      expect(await status()).toEqual(["rejected"]);
      // One look more, which stops at its first refusal, and never by the tool.
      expect(remote.methods().filter((method) => method === "tools/call")).toHaveLength(1);
      expect(remote.abandoned("tools/call")).toBe(1);
      await (await pending).text().catch(() => "");
      await expectSoon(() => remote.abandoned("GET")).toBe(1);

      remote.asked.length = 0;
      expect((await call(2)).text).toContain("/connect/");
      expect((await call(3, false)).text).toContain("/connect/");
      await send("POST", { method: "notifications/x" });
      await send("POST", { id: 1, result: {} });
      await send("POST", { id: 4, method: "tools/list" });
      await send("POST", { id: 5, method: "x/y" });
      await send("DELETE");
      await (await listening).body?.cancel().catch(() => {});
      expect(remote.asked).toEqual([]);
    },
  );
});

describe("A57: a value is not marked", () => {
  it.each<[string, typeof answerCall]>([
    ["500", (_, response) => void response.writeHead(500).end("401 unauthorized")],
    [
      "a 503 that says 401",
      (asked, response) => json(response, rpc(asked, { error: { code: 401, message: "no" } }), 503),
    ],
    [
      "a stream that breaks",
      (_, response) => void (events(response)({ jsonrpc: "2.0", method: "notifications/x" }), response.destroy()),
    ],
    ["an error that mentions 401", inStream({ code: -32_603, message: "HTTP 401 Unauthorized: invalid API key" })],
    [
      "a time-out that a proxy passes on",
      inStream({ code: -32_001, message: "Request timed out", data: { timeout: 1 } }),
    ],
    [
      "a tool error that mentions it",
      (asked, response) => {
        const write = events(response);
        write(
          rpc(asked, { result: { isError: true, content: [{ type: "text", text: "401 unauthorized: invalid key" }] } }),
        );
        response.end();
      },
    ],
  ])("by a flood of %s", async (_, answer) => {
    answerCall = answer;
    const answers = await Promise.all(Array.from({ length: 20 }, (_value, id) => call(id, id % 2 === 0)));
    expect(answers.filter(({ text }) => text.includes("/connect/"))).toEqual([]);
    expect(await status()).toEqual(["active"]);
    // Nobody has looked a second time either.
    expect(remote.methods()).not.toContain("tools/list");
    answerCall = succeed;
    expect((await call(100)).text).toContain('"result":{"content":[]}');
  });
});
