import { afterEach, expect, it } from "vitest";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

const VALUE = canaryValue("ids");
const GIVEN = "proxy-4711-abcdef";

let gateway: TestGateway;
let upstream: HeaderUpstream;

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** @returns a key with a stored value */
async function prepare(env: Readonly<Record<string, string>> = {}, more: object = {}): Promise<string> {
  upstream = await startHeaderUpstream({ accepts: (value) => value === VALUE });
  gateway = await startTestGateway({ env });
  const serverId = await gateway.register("notes", upstream.url, VALUE, more);
  const { id, key } = await gateway.issueKey("alice");
  await gateway.grant(serverId, id);
  const { flowId } = linkIn((await callTool(gateway, key, "notes-whoami")).text);
  expect((await submit(gateway, flowId, keyProof(key), { "X-API-Key": VALUE })).status).toBe(200);
  return key;
}

/** @returns the id in the answer, and the one that the server got */
async function idsOf(key: string, headers: Readonly<Record<string, string>>) {
  const response = await fetch(`${gateway.url}/mcp/notes`, {
    method: "POST",
    headers: {
      ...keyProof(key),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami", arguments: {} } }),
  });
  await response.text();
  return { answered: response.headers.get("x-request-id"), sent: upstream.received.at(-1)?.headers };
}

it("one id is in the answer, in the log and in the request to the server, and a caller's own is not taken over", async () => {
  const key = await prepare();
  const { answered, sent } = await idsOf(key, {
    "x-request-id": GIVEN,
    traceparent: "00-1",
    tracestate: "a=b",
    baggage: "c=d",
  });
  expect(answered).toMatch(/^req_[\w-]+$/);
  expect(sent?.["x-request-id"]).toBe(answered);
  expect(gateway.log()).toContain(`"event":"mcp_request","request_id":"${answered}"`);
  expect(gateway.log()).not.toContain(GIVEN);
  // Nobody has loaded an SDK: there is no trace to go on with.
  expect([sent?.["traceparent"], sent?.["tracestate"], sent?.["baggage"]]).toEqual([undefined, undefined, undefined]);
});

it("the id of a listed proxy is taken over, unless it is not one", async () => {
  const key = await prepare({ KEYWARD_TRUSTED_PROXIES: "127.0.0.1" });
  const { answered, sent } = await idsOf(key, { "x-request-id": GIVEN });
  expect([answered, sent?.["x-request-id"]]).toEqual([GIVEN, GIVEN]);
  for (const odd of ["short", "a".repeat(65), "with space 123", "a,b,c,d,e,f"]) {
    expect((await idsOf(key, { "x-request-id": odd })).answered).toMatch(/^req_/);
  }
  const rest = await gateway.call("GET", "/api/v1/me", { ...keyProof(key), "x-request-id": GIVEN });
  expect(rest.headers.get("x-request-id")).toBe(GIVEN);
});

it("a header of that name that a server has declared is the server's", async () => {
  const key = await prepare({}, { static_headers: { "X-Request-Id": "declared-4711" } });
  const { answered, sent } = await idsOf(key, {});
  expect(answered).toMatch(/^req_/);
  expect(sent?.["x-request-id"]).toBe("declared-4711");
});
