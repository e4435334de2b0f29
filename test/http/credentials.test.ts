import { describe, expect, it } from "vitest";
import { createScene, GOOD_VALUES, type Scene } from "./scene.ts";
import { ADMIN_TOKEN, errorOf, outcomeOf } from "./test-app.ts";

function idsOf(json: Record<string, unknown>): string[] {
  return (json["items"] as { id: string }[]).map(({ id }) => id);
}

/** `owner` and `stranger` may use the server and both have stored values. */
async function createPair(): Promise<Scene & { readonly ownId: string; readonly foreignId: string }> {
  const scene = await createScene();
  const grants = [scene.owner, scene.stranger].map(({ id }) => ({ auth_mode: "virtual_key", identity: id }));
  await scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, { as: ADMIN_TOKEN, body: { grants } });
  const ownId = await scene.connect();
  scene.clock.now += 1;
  const started = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, { as: scene.stranger.key });
  const stored = await scene.send(`PUT /api/v1/flows/${String(started.json["flow_id"])}`, {
    as: scene.stranger.key,
    body: { headers: GOOD_VALUES },
  });
  return { ...scene, ownId, foreignId: String(stored.json["credential_id"]) };
}

describe("lists", () => {
  it("a virtual key sees its own rows, an administrator all, newest first", async () => {
    const { send, owner, ownId, foreignId } = await createPair();
    expect(idsOf((await send("GET /api/v1/credentials", { as: owner.key })).json)).toEqual([ownId]);
    expect(idsOf((await send("GET /api/v1/credentials", { as: ADMIN_TOKEN })).json)).toEqual([foreignId, ownId]);
  });

  it("A12: no filter shows a virtual key another identity's rows", async () => {
    const { send, owner, stranger, ownId, foreignId } = await createPair();
    const filters = [
      `auth_mode=virtual_key&identity=${stranger.id}`,
      "auth_mode=user",
      `q=${stranger.id}`,
      `q=stranger`,
      "auth_mode=session",
    ];
    for (const filter of filters) {
      const answer = await send(`GET /api/v1/credentials?${filter}`, { as: owner.key });
      expect(answer.text).toBe(`{"items":[],"next_cursor":null}`);
    }
    for (const filter of ["status=active", "q=tracker", `auth_mode=virtual_key&identity=${owner.id}`]) {
      const answer = await send(`GET /api/v1/credentials?${filter}`, { as: owner.key });
      expect(idsOf(answer.json)).toEqual([ownId]);
      expect(answer.text).not.toContain(foreignId);
    }
  });

  it("filters for an administrator by server, status, identity and text", async () => {
    const { send, serverId, owner, ownId, foreignId } = await createPair();
    const ask = async (query: string): Promise<string[]> =>
      idsOf((await send(`GET /api/v1/credentials?${query}`, { as: ADMIN_TOKEN })).json);
    expect(await ask(`server=${serverId}`)).toEqual([foreignId, ownId]);
    expect(await ask("server=srv_unknown")).toEqual([]);
    expect(await ask("status=rejected")).toEqual([]);
    expect(await ask(`auth_mode=virtual_key&identity=${owner.id}`)).toEqual([ownId]);
    expect(await ask("q=OWNER")).toEqual([ownId]);
    expect(await ask("auth_mode=user")).toEqual([]);
  });

  it("A13: an identity id needs its mode, so that a user and a key of one name stay apart", async () => {
    const { send, owner } = await createPair();
    const without = await send(`GET /api/v1/credentials?identity=${owner.id}`, { as: ADMIN_TOKEN });
    expect(outcomeOf(without)).toBe("400 invalid_request");
    const asUser = await send(`GET /api/v1/credentials?auth_mode=user&identity=${owner.id}`, { as: ADMIN_TOKEN });
    expect(asUser.json["items"]).toEqual([]);
    for (const id of ["a%20b", "a%00b", "%C3%A9", "x".repeat(256), ""]) {
      const answer = await send(`GET /api/v1/credentials?auth_mode=user&identity=${id}`, { as: ADMIN_TOKEN });
      expect(answer.status).toBe(400);
    }
  });

  it("are paged by an opaque cursor, and refuse one that is not theirs", async () => {
    const { send, ownId, foreignId } = await createPair();
    const first = await send("GET /api/v1/credentials?limit=1", { as: ADMIN_TOKEN });
    expect(idsOf(first.json)).toEqual([foreignId]);
    const cursor = encodeURIComponent(String(first.json["next_cursor"]));
    const second = await send(`GET /api/v1/credentials?limit=1&cursor=${cursor}`, { as: ADMIN_TOKEN });
    expect(idsOf(second.json)).toEqual([ownId]);
    expect(second.json["next_cursor"]).toBeNull();
    const forged = await send("GET /api/v1/credentials?cursor=forged", { as: ADMIN_TOKEN });
    expect(outcomeOf(forged)).toBe("400 invalid_request");
    for (const query of ["limit=0", "limit=501", "limit=many", "limit=1.5", "limit=1&limit=2"]) {
      const answer = await send(`GET /api/v1/credentials?${query}`, { as: ADMIN_TOKEN });
      expect(errorOf(answer).details, query).toEqual({ in: "query", path: "limit" });
    }
  });

  it("refuse a filter that is misspelled rather than ignore it", async () => {
    const { send } = await createPair();
    const answer = await send("GET /api/v1/credentials?sever=srv_x", { as: ADMIN_TOKEN });
    expect(answer.json).toEqual({
      error: {
        code: "invalid_request",
        message: "The query has a key that is not documented: sever.",
        details: { in: "query", path: "" },
      },
    });
  });
});

describe("one credential", () => {
  it("is shown by names and states, never by value", async () => {
    const { send, owner, serverId, ownId, clock } = await createPair();
    const answer = await send(`GET /api/v1/credentials/${ownId}`, { as: owner.key });
    const at = clock.now - 1;
    expect(answer.json).toEqual({
      id: ownId,
      server: { id: serverId, name: "tracker" },
      identity: { auth_mode: "virtual_key", id: owner.id, name: "owner" },
      url_origin: "https://mcp.example.com",
      field_names: ["x-api-key", "x-tenant"],
      schema_revision: 1,
      version: 1,
      status: "active",
      status_reason: null,
      orphaned_at: null,
      verification: "proven",
      verified_at: at,
      last_used_at: null,
      created_at: at,
      updated_at: at,
      set_at: at,
      set_from: { client: null, address: "203.0.113.9" },
    });
  });

  it("A12: of another identity is answered like an unknown one, on every request", async () => {
    const { send, owner, foreignId } = await createPair();
    for (const request of [
      "GET /api/v1/credentials/{}",
      "DELETE /api/v1/credentials/{}",
      "POST /api/v1/credentials/{}/flow",
    ]) {
      const foreign = await send(request.replace("{}", foreignId), { as: owner.key });
      const unknown = await send(request.replace("{}", "cred_unknown"), { as: owner.key });
      expect(outcomeOf(unknown)).toBe("404 credential_not_found");
      expect(foreign.text).toBe(unknown.text);
    }
    expect(outcomeOf(await send(`GET /api/v1/credentials/${foreignId}`, { as: ADMIN_TOKEN }))).toBe("200");
  });

  it("is revoked by its owner or an administrator, once", async () => {
    const { send, owner, ownId, foreignId, dials } = await createPair();
    const revoked = await send(`DELETE /api/v1/credentials/${ownId}`, { as: owner.key });
    expect([revoked.status, revoked.text]).toEqual([204, ""]);
    expect(dials).toContain(`forgetCredential ${ownId}`);
    expect(outcomeOf(await send(`DELETE /api/v1/credentials/${ownId}`, { as: owner.key }))).toBe(
      "404 credential_not_found",
    );
    expect(outcomeOf(await send(`DELETE /api/v1/credentials/${foreignId}`, { as: ADMIN_TOKEN }))).toBe("204");
    expect((await send("GET /api/v1/credentials", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
  });
});

describe("starting a flow", () => {
  it("gives the owner a link to change what is stored", async () => {
    const { send, owner, ownId, clock } = await createPair();
    const started = await send(`POST /api/v1/credentials/${ownId}/flow`, { as: owner.key, body: {} });
    expect(started.status).toBe(201);
    expect(started.json).toEqual({
      flow_id: expect.stringMatching(/^flow_/) as string,
      url: `http://127.0.0.1:4180/connect/${String(started.json["flow_id"])}`,
      expires_at: clock.now + 900_000,
    });
    const seen = await send(`GET /api/v1/flows/${String(started.json["flow_id"])}`, { as: owner.key });
    expect(seen.json["credential"]).toMatchObject({ status: "active" });
  });

  it("A12: a server that the identity may not use is answered like an unknown one", async () => {
    const { send, stranger, serverId } = await createScene();
    const foreign = await send(`POST /api/v1/servers/${serverId}/flow`, { as: stranger.key });
    const unknown = await send("POST /api/v1/servers/srv_unknown/flow", { as: stranger.key });
    expect(outcomeOf(unknown)).toBe("404 server_not_found");
    expect(foreign.text).toBe(unknown.text);
  });

  it("is for identities, not for administrators, whoever's credential it is", async () => {
    const { send, serverId, ownId } = await createPair();
    for (const path of [`/api/v1/servers/${serverId}/flow`, `/api/v1/credentials/${ownId}/flow`]) {
      expect(outcomeOf(await send(`POST ${path}`, { as: ADMIN_TOKEN }))).toBe("403 forbidden");
    }
  });

  it("A16: in a loop is rate-limited per server and identity, while the open link goes on working", async () => {
    const { send, owner, stranger, serverId } = await createPair();
    const outcomes = new Set<string>();
    let flowId = "";
    for (let count = 0; count < 11; count += 1) {
      const answer = await send(`POST /api/v1/servers/${serverId}/flow`, { as: owner.key });
      outcomes.add(outcomeOf(answer));
      flowId ||= String(answer.json["flow_id"]);
      if (answer.status === 429) {
        expect(answer.headers.get("retry-after")).toBe("60");
      }
    }
    expect([...outcomes]).toEqual(["201", "429 rate_limited"]);
    expect(outcomeOf(await send(`GET /api/v1/flows/${flowId}`, { as: owner.key }))).toBe("200");
    expect(outcomeOf(await send(`POST /api/v1/servers/${serverId}/flow`, { as: stranger.key }))).toBe("201");
  });
});

describe("/me", () => {
  it("tells an identity its servers, how it is connected, and how many tools it has there", async () => {
    const { send, owner, serverId, startFlow } = await createScene();
    const before = await send("GET /api/v1/me", { as: owner.key });
    expect(before.json).toEqual({
      admin: null,
      user: null,
      csrf_token: null,
      identity: { auth_mode: "virtual_key", id: owner.id, name: "owner" },
      servers: [
        {
          id: serverId,
          name: "tracker",
          url_origin: "https://mcp.example.com",
          connection: "missing",
          credential_id: null,
          tools_count: 2,
          last_used_at: null,
          verification: null,
          set_at: null,
          set_from: null,
        },
      ],
    });
    const { flowId } = await startFlow();
    await send(`PUT /api/v1/flows/${flowId}`, { as: owner.key, body: { headers: GOOD_VALUES } });
    await send(`PUT /api/v1/servers/${serverId}/grants`, {
      as: ADMIN_TOKEN,
      body: { grants: [{ auth_mode: "virtual_key", identity: owner.id, tools: ["search"] }] },
    });
    const after = await send("GET /api/v1/me", { as: owner.key });
    expect(after.json["servers"]).toMatchObject([{ connection: "active", tools_count: 1, verification: "proven" }]);
  });

  it("tells an administrator who it is, and a key without grants nothing of any server", async () => {
    const { send, stranger } = await createScene();
    const admin = await send("GET /api/v1/me", { as: ADMIN_TOKEN });
    expect(admin.json).toEqual({
      admin: { id: "configured", name: "KEYWARD_ADMIN_TOKEN" },
      user: null,
      csrf_token: null,
      identity: null,
      servers: [],
    });
    expect((await send("GET /api/v1/me", { as: stranger.key })).json["servers"]).toEqual([]);
  });
});
