import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { type HalfOpenProxy, startHalfOpenProxy, type Weather } from "../helpers/half-open-proxy.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { errorCode, startTestGateway, textIn, type TestGateway } from "../helpers/test-gateway.ts";

/** A server behind a network that loses what is sent, and another one beside it. */

const FAST = {
  connectTimeoutMs: 300,
  headersTimeoutMs: 300,
  verifyTimeoutMs: 600,
  callTimeoutMs: 400,
};

let gateway: TestGateway;
let far: HeaderUpstream;
let near: HeaderUpstream;
let proxy: HalfOpenProxy;
let person: { readonly id: string; readonly key: string };
let farId: string;

beforeEach(async () => {
  far = await startHeaderUpstream();
  near = await startHeaderUpstream();
  proxy = await startHalfOpenProxy(far.url);
  gateway = await startTestGateway({ upstream: { limits: FAST } });
  person = await gateway.issueKey("alice");
  farId = await gateway.register("far", proxy.url, canaryValue("sample"));
  const nearId = await gateway.register("near", near.url, canaryValue("sample"));
  for (const [id, name] of [
    [farId, "far"],
    [nearId, "near"],
  ] as const) {
    await connectTo(gateway, { id, name }, canaryValue(name), person);
  }
});
afterEach(async () => {
  await gateway.close();
  await proxy.close();
  await Promise.all([far.close(), near.close()]);
});

const STORMS: readonly (readonly [string, Weather])[] = [
  ["swallows everything", { kind: "blackhole" }],
  ["is slower than anybody waits", { kind: "delay", ms: 2_000 }],
  ["cuts every answer in its head", { kind: "cut", afterBytes: 20 }],
  ["cuts every answer in its body", { kind: "cut", afterBytes: 260 }],
];

describe("a network that", () => {
  it.each(STORMS)(
    "A30, A56: %s costs an error in bounded time, nothing stored, and nobody else anything",
    async (_, weather) => {
      expect((await callTool(gateway, person.key, "far-echo", { message: "before" })).text).toBe("before");
      const link = await gateway.call("POST", `/api/v1/servers/${farId}/flow`, keyProof(person.key), {});
      const flowId = textIn(link.body, "flow_id");
      proxy.become(weather);

      const [call, aside] = await Promise.all([
        callTool(gateway, person.key, "far-echo", { message: "lost" }),
        callTool(gateway, person.key, "near-echo", { message: "beside" }),
      ]);
      expect([call.status, call.result.isError]).toEqual([200, true]);
      expect(call.text).not.toContain("/connect/");
      expect(aside.text).toBe("beside");
      const refused = await submit(gateway, flowId, keyProof(person.key), { "X-API-Key": canaryValue("new") });
      expect([refused.status, errorCode(refused)]).toEqual([503, "upstream_unreachable"]);

      proxy.become({ kind: "pass" });
      const view = await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(person.key));
      expect(view.body["attempts_left"]).toBe(5);
      const stored = await submit(gateway, flowId, keyProof(person.key), { "X-API-Key": canaryValue("new") });
      expect([stored.status, stored.body["version"]]).toEqual([200, 2]);
      await expect
        .poll(async () => (await callTool(gateway, person.key, "far-echo", { message: "after" })).text, {
          timeout: 10_000,
        })
        .toBe("after");
    },
  );
});
