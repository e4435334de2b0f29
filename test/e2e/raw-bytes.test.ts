import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asked, events, json, rpc, startScriptedUpstream } from "../fixtures/scripted-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/*
 * Requests as no SDK writes them, and answers as none would read them: through `/mcp/<server>` every byte is the other
 * side's, except for the id of what is sent outside of a session of the client's own.
 */

const HUGE = "123456789012345678901234567890";
const RESULT = `{ "content" : [{"type":"new","v":${HUGE}}], "structuredContent":[1.50,{"id":7}],"e":1E5, "s":"\\u00E9\\ud83d" }`;
const ENVELOPE =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"raw",' +
  `"version":"1"}, "io.modelcontextprotocol/clientCapabilities":{"x":${HUGE}},"progressToken":5,"own":${HUGE}}`;

interface Odd {
  readonly method: string;
  /** Text of the members of `params`. */
  readonly params: string;
  /** What `Mcp-Name` says. */
  readonly name?: string;
}

const REQUESTS: readonly Odd[] = [
  {
    method: "tools/call",
    params: ` "name" : "t","arguments":{"n":${HUGE},"d":1.10,"s":"\\u00e9\\/😀"},"x":[ ]`,
    name: "t",
  },
  { method: "x/y", params: `"a":${HUGE}\n, "id":1, "method":"tools/call"` },
  { method: "resources/read", params: '"uri":"a:\\u0062?c#d","extra":{"jsonrpc":"1.0","id":"2"}', name: "a:b?c#d" },
  {
    method: "prompts/get",
    params: '"name":"p\\té","arguments":{"__proto__":{"a":1},"constructor":2}',
    name: `=?base64?${Buffer.from("p\té").toString("base64")}?=`,
  },
  { method: "completion/complete", params: '"":null' },
];

type Way = readonly [url: string, headers: Readonly<Record<string, string>>];

let gateway: TestGateway;
const closings: (() => Promise<void>)[] = [];
const good = new Set<string>();

function goodValue(label: string): string {
  const value = canaryValue(label);
  good.add(value);
  return value;
}

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(async () => {
  for (const close of closings.splice(0)) await close();
  await gateway.close();
});

async function reach(name: string, isStream: boolean, script: { isStateful?: boolean; era?: "legacy" | "modern" }) {
  const accepts = (value: string | undefined): boolean => value !== undefined && good.has(value);
  const remote = await startScriptedUpstream({ ...script, accepts, answer: oddAnswer(isStream) });
  closings.unshift(() => remote.close());
  const id = await gateway.register(name, remote.url, goodValue("sample"));
  const { key } = await connectTo(gateway, { id, name }, goodValue(name));
  const direct: Way = [remote.url, { "x-api-key": goodValue("direct") }];
  const through: Way = [`${gateway.url}/mcp/${name}`, { authorization: `Bearer ${key}` }];
  return { remote, direct, through };
}

function oddAnswer(isStream: boolean) {
  return (asked: Asked, response: Parameters<typeof json>[0]): void => {
    if (asked.method.endsWith("/list")) {
      json(response, rpc(asked, { result: { tools: [] } }));
      return;
    }
    const body = `{"result":${RESULT} , "x-own":1,"id":${asked.idText},\t"jsonrpc":"2.0"}`;
    if (!isStream) {
      json(response, body);
      return;
    }
    const write = events(response);
    write(`{"jsonrpc":"2.0","method":"notifications/x","params":{"n":${HUGE} , "s":"\\u00e9"}}`, "id: e-1\n");
    write(body, "id: e-2\n");
    response.end();
  };
}

async function post([url, headers]: Way, body: string, more: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers, ...more },
    body,
  });
  return {
    answer: { status: response.status, type: response.headers.get("content-type"), text: await response.text() },
    session: { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" },
  };
}

const HELLO = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
});

const IDS = ["0", '"a-1"', String(Number.MAX_SAFE_INTEGER), '"\u2028😀"', "-7"];

describe.each([
  ["one JSON body", false],
  ["events", true],
] as const)("answered by %s", (_, isStream) => {
  const suffix = isStream ? "events" : "json";

  it("a request of a legacy session arrives as it was written, and so does its answer", async () => {
    const { direct, through, remote } = await reach(`session_${suffix}`, isStream, { isStateful: true });
    const [one, other] = [await post(direct, HELLO), await post(through, HELLO)];
    expect(other.answer).toEqual(one.answer);
    for (const [at, { method, params }] of REQUESTS.entries()) {
      const body = ` {"params":{${params}},"id" : ${IDS[at]},"method":"${method}","x-z":[1, 2],"jsonrpc":"2.0" }\n`;
      const [expected, got] = [await post(direct, body, one.session), await post(through, body, other.session)];
      expect(got.answer).toEqual(expected.answer);
      expect(expected.answer.text).toContain(HUGE);
      expect(remote.asked.slice(-2).map((asked) => asked.body)).toEqual([body, body]);
    }
  });

  it.each(["legacy", "modern"] as const)("a %s request without a session differs in its id alone", async (era) => {
    const { direct, through, remote } = await reach(`${era}_${suffix}`, isStream, { era });
    for (const [at, { method, params, name }] of REQUESTS.entries()) {
      const isModern = era === "modern";
      const all = isModern ? `${params} ,${ENVELOPE}` : params;
      const body = (id: string): string =>
        ` {"params":{${all}},"id" : ${id},"method":"${method}","x-z":[1, 2],"jsonrpc":"2.0" }\n`;
      const named = name === undefined ? {} : { "mcp-name": name };
      const headers = isModern ? { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...named } : {};
      const id = IDS[at] ?? "";
      const [expected, got] = [await post(direct, body(id), headers), await post(through, body(id), headers)];
      expect(got.answer).toEqual(expected.answer);
      expect(expected.answer.text).toContain(HUGE);
      const [asked, forwarded] = remote.asked.slice(-2);
      expect(asked?.body).toBe(body(id));
      expect(forwarded?.body).toBe(body(forwarded?.idText ?? ""));
      expect(forwarded?.idText).not.toBe(id);
      expect(forwarded?.headers["mcp-name"]).toBe(isModern ? name : undefined);
    }
  });
});
