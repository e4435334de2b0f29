import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyProof } from "../helpers/person.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { ADMIN_TOKEN, textIn } from "../helpers/test-gateway.ts";

let scene: Scene;

beforeEach(async () => {
  scene = await setScene();
});

afterEach(() => scene.close());

const CALL = { name: "notes-whoami", arguments: {} };
const UNKNOWN_KEY = "kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4Tlhhr";

describe("a caller", () => {
  it("A10: without, with a blank, and with an unknown identity is refused, and no other credential is used", async () => {
    const { gateway, alice, upstream } = scene;
    await scene.connect(alice.key, scene.goodValue("alice"));
    upstream.received.length = 0;
    const attempts: Record<string, string>[] = [
      {},
      { authorization: "" },
      { authorization: "Bearer " },
      { authorization: "Bearer" },
      { "x-api-key": " " },
      { authorization: `Bearer ${UNKNOWN_KEY}` },
      { authorization: `Bearer ${alice.id}` },
      { authorization: `Bearer ${ADMIN_TOKEN}` },
      { "keyward-session": "s".repeat(40) },
    ];
    for (const headers of attempts) {
      const { status } = await rpc(gateway, "/mcp", headers, "tools/call", CALL);
      expect([headers, status]).toEqual([headers, 401]);
    }
    expect(upstream.received).toEqual([]);
  });

  it("A11: with garbage, with two credentials, or with a good and a bad one is refused", async () => {
    const { gateway, alice } = scene;
    const bob = await gateway.issueKey("bob");
    const attempts: Record<string, string>[] = [
      { authorization: "Bearer garbage" },
      { authorization: `Basic ${btoa(`user:${alice.key}`)}` },
      { authorization: `Bearer ${alice.key}`, "x-api-key": bob.key },
      { authorization: `Bearer ${alice.key}, Bearer ${bob.key}` },
      { authorization: `Bearer ${alice.key}`, "x-api-key": "garbage" },
      { authorization: "Bearer garbage", "x-api-key": alice.key },
    ];
    for (const headers of attempts) {
      expect((await rpc(gateway, "/mcp", headers, "tools/call", CALL)).status).toBe(401);
    }
    for (const headers of [{ authorization: `Bearer ${alice.key}` }, { "x-api-key": alice.key }]) {
      expect((await rpc(gateway, "/mcp", headers, "tools/call", CALL)).status).toBe(200);
    }
  });

  it("A10: whose key is disabled, expired or revoked is refused at once", async () => {
    const { gateway } = scene;
    const disabled = await gateway.issueKey("disabled");
    const revoked = await gateway.issueKey("revoked");
    const expired = (
      await gateway.admin("POST", "/api/v1/virtual-keys", { name: "expired", expires_at: Date.now() + 300 })
    ).body;
    await gateway.admin("PATCH", `/api/v1/virtual-keys/${disabled.id}`, { enabled: false });
    expect((await gateway.admin("DELETE", `/api/v1/virtual-keys/${revoked.id}`)).status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 320));
    for (const key of [disabled.key, revoked.key, textIn(expired, "key")]) {
      expect((await callTool(gateway, key, "notes-whoami")).status).toBe(401);
    }
  });

  it("A12: reaches nothing of another identity by naming its ids anywhere", async () => {
    const { gateway, alice, serverId, upstream } = scene;
    const credentialId = await scene.connect(alice.key, scene.goodValue("alice"));
    const mallory = await gateway.issueKey("mallory");
    upstream.received.length = 0;
    const asMallory = { authorization: `Bearer ${mallory.key}` };

    const unknown = await gateway.call("GET", "/api/v1/credentials/cred_AAAAAAAAAAAAAAAAAAAAAA", asMallory);
    const foreign = await gateway.call("GET", `/api/v1/credentials/${credentialId}`, asMallory);
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect((await gateway.call("DELETE", `/api/v1/credentials/${credentialId}`, asMallory)).status).toBe(404);
    expect((await gateway.call("POST", `/api/v1/credentials/${credentialId}/flow`, asMallory, {})).status).toBe(404);
    expect((await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, asMallory, {})).status).toBe(404);
    const list = await gateway.call(
      "GET",
      `/api/v1/credentials?auth_mode=virtual_key&identity=${alice.id}&server=${serverId}`,
      asMallory,
    );
    expect(list.body["items"]).toEqual([]);

    const ids = { identity: alice.id, credential_id: credentialId, server_id: serverId, nested: { id: credentialId } };
    for (const name of ["notes-whoami", `${serverId}-whoami`, "whoami"]) {
      const answer = await rpc(gateway, `/mcp?credential=${credentialId}`, asMallory, "tools/call", {
        name,
        arguments: ids,
        _meta: ids,
        ...ids,
      });
      expect(answer.body["error"]).toMatchObject({ code: -32602, message: "Unknown tool" });
    }
    expect((await rpc(gateway, "/mcp/notes", asMallory, "tools/list")).status).toBe(404);
    expect(upstream.received).toEqual([]);
    // And hers is still there.
    expect((await callTool(gateway, alice.key, "notes-whoami")).result.isError ?? false).toBe(false);
  });

  it("A13: ids that are odd, long or look alike are refused in grants and filters", async () => {
    const { gateway, alice, serverId } = scene;
    for (const identity of ["vk ", `${alice.id} `, `${alice.id}\u0000`, "аlice", "e\u0301", "x".repeat(4096), ""]) {
      const grants = [{ auth_mode: "virtual_key", identity }];
      const { status } = await gateway.admin("PUT", `/api/v1/servers/${serverId}/grants`, { grants });
      expect([identity.length, status]).toEqual([identity.length, 400]);
    }
    const grantTo = (authMode: string) =>
      gateway.admin("PUT", `/api/v1/servers/${serverId}/grants`, {
        grants: [{ auth_mode: authMode, identity: alice.id }],
      });
    // There is no user of that id, and a grant for the session of that id is none for the virtual key of that id.
    expect((await grantTo("user")).status).toBe(400);
    expect((await grantTo("session")).status).toBe(200);
    expect((await callTool(gateway, alice.key, "notes-whoami")).body["error"]).toMatchObject({ code: -32602 });
  });

  it("A47: who is no administrator creates, edits, verifies and grants nothing, and nothing is dialled", async () => {
    const { gateway, alice, serverId, upstream } = scene;
    const server = {
      name: "mine",
      url: upstream.url,
      auth_type: "per_user_headers",
      header_schema: [{ name: "X-API-Key" }],
      sample_headers: { "X-API-Key": "x".repeat(20) },
    };
    const attempts: readonly (readonly [string, string, unknown])[] = [
      ["POST", "/api/v1/servers", server],
      ["POST", "/api/v1/servers", { ...server, transport: "stdio", command: "/bin/sh" }],
      ["PATCH", `/api/v1/servers/${serverId}`, { url: upstream.url }],
      ["DELETE", `/api/v1/servers/${serverId}`, undefined],
      ["POST", `/api/v1/servers/${serverId}/verify`, { sample_headers: {} }],
      ["PUT", `/api/v1/servers/${serverId}/grants`, { grants: [] }],
      ["POST", "/api/v1/virtual-keys", { name: "mine" }],
      ["GET", "/api/v1/audit", undefined],
    ];
    for (const [method, path, body] of attempts) {
      expect([path, (await gateway.call(method, path, {}, body)).status]).toEqual([path, 401]);
      expect([path, (await gateway.call(method, path, keyProof(alice.key), body)).status]).toEqual([path, 403]);
    }
    // Nor does an administrator get a process spawned: there is no such transport.
    expect((await gateway.admin("POST", "/api/v1/servers", { ...server, transport: "stdio" })).status).toBe(400);
    expect((await gateway.admin("POST", "/api/v1/servers", { ...server, url: "stdio:/bin/sh" })).status).toBe(422);
    expect(upstream.received).toEqual([]);
  });
});
