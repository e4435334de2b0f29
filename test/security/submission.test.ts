import { afterEach, describe, expect, it } from "vitest";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { errorCode, textIn } from "../helpers/test-gateway.ts";

let scene: Scene;

afterEach(() => scene.close());

const FAST = { limits: { verifyTimeoutMs: 400, headersTimeoutMs: 300, connectTimeoutMs: 300 } };

async function newFlow(): Promise<string> {
  const { gateway, serverId, alice } = scene;
  const { body } = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, keyProof(alice.key), {});
  return textIn(body, "flow_id");
}

async function credentials(): Promise<readonly Record<string, unknown>[]> {
  return (await scene.gateway.admin("GET", "/api/v1/credentials")).body["items"] as unknown as Record<
    string,
    unknown
  >[];
}

async function keyThatArrives(): Promise<string | null> {
  const { gateway, upstream, alice } = scene;
  upstream.received.length = 0;
  await callTool(gateway, alice.key, "notes-whoami");
  return upstream.received.find(({ tool }) => tool === "whoami")?.headerValue ?? null;
}

describe("a new value that the server refuses", () => {
  it.each([401, 403, "json_rpc", "tool_error"] as const)("A55: with %s leaves the old one in use", async (refusal) => {
    scene = await setScene({ upstream: { refusal, listOpen: refusal === "tool_error" } });
    const { gateway, alice, serverId } = scene;
    if (refusal === "tool_error") {
      const verification = { probe_tool: { name: "whoami", arguments: {} }, negative_control: true };
      expect((await gateway.admin("PATCH", `/api/v1/servers/${serverId}`, { verification })).status).toBe(200);
    }
    const old = scene.goodValue("old");
    await scene.connect(alice.key, old);
    const flowId = await newFlow();
    const put = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": canaryValue("bad") });
    expect([put.status, put.body["error"]]).toEqual([
      422,
      expect.objectContaining({ code: "upstream_rejected", details: expect.objectContaining({ attempts_left: 4 }) }),
    ]);
    expect(await credentials()).toEqual([expect.objectContaining({ status: "active", version: 1 })]);
    expect(await keyThatArrives()).toBe(old);
    // The link is still good for the right value.
    const good = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("new") });
    expect([good.status, good.body["verification"]]).toEqual([200, "proven"]);
  });

  it("A55: five times ends the link", async () => {
    scene = await setScene();
    const { gateway, alice } = scene;
    const { flowId } = await scene.askForLink(alice.key);
    const left: unknown[] = [];
    for (let i = 0; i < 5; i += 1) {
      const put = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": canaryValue("bad") });
      left.push((put.body["error"] as { details: { attempts_left: number } }).details.attempts_left);
    }
    expect(left).toEqual([4, 3, 2, 1, 0]);
    const dead = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("late") });
    expect(dead.status).toBe(404);
    expect(await credentials()).toEqual([]);
  });
});

describe("a server that cannot answer", () => {
  it.each([
    ["hangs", { kind: "hang" }],
    ["answers 500", { kind: "status", status: 500 }],
    ["answers 503", { kind: "status", status: 503 }],
    ["closes early", { kind: "close_early" }],
    ["ends the stream early", { kind: "end_stream_early" }],
  ] as const)("A56: and %s: 503, nothing stored, no attempt counted, the link lives", async (_what, behaviour) => {
    scene = await setScene({ gateway: { upstream: FAST } });
    const { gateway, alice, upstream } = scene;
    const { flowId } = await scene.askForLink(alice.key);
    upstream.misbehave(behaviour);
    const put = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("v") });
    expect([put.status, errorCode(put)]).toEqual([503, "upstream_unreachable"]);
    expect(await credentials()).toEqual([]);
    const view = await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(alice.key));
    expect([view.body["state"], view.body["attempts_left"]]).toEqual(["pending", 5]);
    upstream.misbehave(null);
    const again = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("v2") });
    expect(again.status).toBe(200);
  });

  it("A56: answers HTML: told so, nothing stored, no attempt counted", async () => {
    scene = await setScene();
    const { gateway, alice, upstream } = scene;
    const { flowId } = await scene.askForLink(alice.key);
    upstream.misbehave({ kind: "html" });
    const put = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("v") });
    expect([put.status, errorCode(put)]).toEqual([422, "upstream_protocol"]);
    expect(await credentials()).toEqual([]);
  });

  it("A56: has gone away: 503, and a call gets an error result, not a link", async () => {
    scene = await setScene({ gateway: { upstream: FAST } });
    const { gateway, alice, upstream } = scene;
    await scene.connect(alice.key, scene.goodValue("v"));
    await upstream.close();
    const call = await callTool(gateway, alice.key, "notes-whoami");
    expect([call.result.isError, call.text.includes("/connect/")]).toEqual([true, false]);
    expect(call.text).not.toContain("127.0.0.1");
    expect(await credentials()).toEqual([expect.objectContaining({ status: "active" })]);
  });
});

describe("a revoke", () => {
  async function revoke(id: unknown): Promise<void> {
    expect((await scene.gateway.admin("DELETE", `/api/v1/credentials/${String(id)}`)).status).toBe(204);
  }

  it("A52: counts from the next call on: no request with the value, and a new link", async () => {
    scene = await setScene({ upstream: { era: "legacy", stateful: true } });
    const { gateway, alice, upstream } = scene;
    const id = await scene.connect(alice.key, scene.goodValue("v"));
    expect(await keyThatArrives()).not.toBeNull();
    await revoke(id);
    upstream.received.length = 0;
    const call = await callTool(gateway, alice.key, "notes-whoami");
    expect(call.text).toContain("/connect/");
    // Not even a DELETE of the upstream session, which would carry the value.
    expect(upstream.received).toEqual([]);
  });

  it("A52: during a verification wins: nothing is stored", async () => {
    scene = await setScene();
    const { gateway, alice, upstream } = scene;
    const id = await scene.connect(alice.key, scene.goodValue("old"));
    const flowId = await newFlow();
    const gate = holdNextRequest();
    const submitting = submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": scene.goodValue("new") });
    await gate.reached;
    await revoke(id);
    gate.open();
    expect((await submitting).status).toBe(404);
    expect(await credentials()).toEqual([]);
    upstream.received.length = 0;
    expect((await callTool(gateway, alice.key, "notes-whoami")).text).toContain("/connect/");
    expect(upstream.received).toEqual([]);
  });

  it("A52: during a call ends the call's request to the server", async () => {
    scene = await setScene();
    const { gateway, alice, upstream } = scene;
    const id = await scene.connect(alice.key, scene.goodValue("v"));
    upstream.misbehave({ kind: "hang", on: ["tools/call"] });
    const calling = callTool(gateway, alice.key, "notes-whoami");
    while (!upstream.received.some(({ tool }) => tool === "whoami")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await revoke(id);
    expect((await calling).result.isError).toBe(true);
  });

  it("A52: of a key takes its credentials along, and twice is as good as once", async () => {
    scene = await setScene();
    const { gateway, alice } = scene;
    await scene.connect(alice.key, scene.goodValue("v"));
    expect((await gateway.admin("DELETE", `/api/v1/virtual-keys/${alice.id}`)).status).toBe(204);
    expect(await credentials()).toEqual([]);
    expect((await gateway.admin("DELETE", `/api/v1/virtual-keys/${alice.id}`)).status).toBe(204);
  });

  /** Holds the upstream's next answer until told to go on. */
  function holdNextRequest(): { reached: Promise<void>; open: () => void } {
    let reach: () => void = () => {};
    let open: () => void = () => {};
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const opened = new Promise<void>((resolve) => (open = resolve));
    scene.upstream.change({
      accepts: () => true,
      before: async () => {
        reach();
        await opened;
      },
    });
    return { reached, open };
  }
});
