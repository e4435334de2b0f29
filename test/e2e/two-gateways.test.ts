import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { engineOf, isOnPostgres } from "../helpers/engine.ts";
import { startHalfOpenProxy } from "../helpers/half-open-proxy.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { ask, messageOf, modernRequest, openRequest } from "../helpers/raw-mcp.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/* Two gateways on one database: what is done through one counts on the other. */

const HOLD_MS = 50_000;

let scene: Scene;
let other: TestGateway;
let clock: TestClock;

beforeEach(async () => {
  clock = createTestClock();
  scene = await setScene({ gateway: { clock } });
  other = await startTestGateway({ folder: scene.gateway.folder });
});
afterEach(async () => {
  await other.close();
  await scene.close();
});

function callHere() {
  return callTool(scene.gateway, scene.alice.key, "notes-whoami");
}

describe("through one gateway", () => {
  it("A52: a revoke counts for the next call on the other", async () => {
    const id = await scene.connect(scene.alice.key, scene.goodValue("alice"));
    expect((await callHere()).result.isError ?? false).toBe(false);
    expect((await other.admin("DELETE", `/api/v1/credentials/${id}`)).status).toBe(204);
    const sent = scene.upstream.received.length;
    expect((await callHere()).text).toContain("/connect/");
    expect(scene.upstream.received.slice(sent).filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  it("A54: an edit of a server counts for the next call on the other", async () => {
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
    expect((await callHere()).result.isError ?? false).toBe(false);
    const header_schema = [{ name: "X-API-Key" }, { name: "X-Tenant" }];
    expect((await other.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { header_schema })).status).toBe(200);
    expect((await callHere()).text).toContain("/connect/");
  });

  it("A53: access that is taken away and given back counts for the next call on the other", async () => {
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
    await other.grant(scene.serverId);
    expect((await callHere()).body["error"]).toBeDefined();
    await other.grant(scene.serverId, scene.alice.id);
    expect((await callHere()).result.isError ?? false).toBe(false);
  });

  it("a key that is disabled is none on the other", async () => {
    expect((await other.admin("PATCH", `/api/v1/virtual-keys/${scene.alice.id}`, { enabled: false })).status).toBe(200);
    expect((await callHere()).status).toBe(401);
  });
});

describe.runIf(isOnPostgres)("on PostgreSQL", () => {
  it("a call that one gateway holds goes on when the form is submitted to the other", async () => {
    const { gateway, alice } = scene;
    const params = { name: "notes-whoami", arguments: {} };
    const capabilities = { elicitation: { url: {} } };
    const asked = await ask(gateway, modernRequest(alice.key, "tools/call", params, { capabilities }));
    const { inputRequests, requestState } = asked["result"] as {
      inputRequests: Record<string, { params: { url: string } }>;
      requestState: string;
    };
    const again = { ...params, requestState, inputResponses: { notes: { action: "accept" } } };
    const held = openRequest(gateway, modernRequest(alice.key, "tools/call", again, { capabilities }));
    const { flowId } = linkIn(inputRequests["notes"]?.params.url ?? "");
    await clock.waitsFor(HOLD_MS);
    const form = { "X-API-Key": scene.goodValue("alice") };
    expect((await submit(other, flowId, keyProof(alice.key), form)).status).toBe(200);
    expect(await messageOf(await held)).toMatchObject({
      result: { content: expect.arrayContaining([{ type: "text", text: fingerprint(form["X-API-Key"]) }]) },
    });
  });

  it("A62: without its database a gateway asks nobody for a key, says that it cannot know, and comes back", async () => {
    const { alice, gateway } = scene;
    await scene.connect(alice.key, scene.goodValue("alice"));
    const { KEYWARD_DATABASE_URL: url = "" } = (await engineOf(gateway.folder)).envWith({});
    const proxy = await startHalfOpenProxy(url);
    const cut = await startTestGateway({ folder: gateway.folder, env: { KEYWARD_DATABASE_URL: proxy.url } });
    onTestFinished(async () => {
      await cut.close();
      await proxy.close();
    });
    const call = () => callTool(cut, alice.key, "notes-whoami");
    expect((await call()).result.isError ?? false).toBe(false);

    proxy.become({ kind: "blackhole" });
    const sent = scene.upstream.received.length;
    const outage = await call();
    expect([outage.status, JSON.stringify(outage.body)]).toEqual([
      503,
      expect.stringContaining("credential_store_unavailable"),
    ]);
    expect(JSON.stringify(outage.body)).not.toContain("/connect/");
    expect(scene.upstream.received.length).toBe(sent);
    expect((await cut.call("GET", "/readyz")).status).toBe(503);
    expect((await cut.call("GET", "/healthz")).status).toBe(200);

    proxy.heal();
    await expect.poll(async () => (await cut.call("GET", "/readyz")).status, { timeout: 10_000 }).toBe(200);
    expect((await call()).result.isError ?? false).toBe(false);
  });
});
