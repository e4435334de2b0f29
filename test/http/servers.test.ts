import { describe, expect, it } from "vitest";
import { createScene, SERVER } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, createTestApp, errorOf, outcomeOf, type TestApp } from "./test-app.ts";

function create(test: TestApp, changes: Record<string, unknown> = {}): Promise<Answer> {
  return test.send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: { ...SERVER, ...changes } });
}

const ADMIN_REQUESTS = [
  "GET /api/v1/servers",
  "POST /api/v1/servers",
  "GET /api/v1/servers/{id}",
  "PATCH /api/v1/servers/{id}",
  "DELETE /api/v1/servers/{id}",
  "POST /api/v1/servers/{id}/verify",
  "GET /api/v1/servers/{id}/grants",
  "PUT /api/v1/servers/{id}/grants",
  "GET /api/v1/virtual-keys",
  "POST /api/v1/virtual-keys",
  "GET /api/v1/virtual-keys/vk_x",
  "PATCH /api/v1/virtual-keys/vk_x",
  "DELETE /api/v1/virtual-keys/vk_x",
  "GET /api/v1/audit",
];

describe("A47: only an administrator reaches the endpoints that make the gateway dial or change who may do what", () => {
  it("A47: each is a 401 for nobody and a 403 for a virtual key, before anything is read", async () => {
    const { send, owner, stranger, serverId, dials, storeCalls } = await createScene();
    dials.length = 0;
    for (const request of ADMIN_REQUESTS) {
      const target = request.replace("{id}", serverId);
      // The body is not even JSON, and names a command: neither is looked at.
      const body = target.startsWith("GET") ? {} : { body: `{"transport":"stdio","command":"/bin/sh",` };
      for (const nobody of [{}, { as: "" }, { as: "kw_wrong" }, { as: "kwa_wrong" }, { as: "undefined" }]) {
        storeCalls.length = 0;
        expect(outcomeOf(await send(target, { ...nobody, ...body })), request).toBe("401 unauthenticated");
        expect(storeCalls, `${request}: an unproven request reached the store`).toEqual([]);
      }
      for (const { key } of [owner, stranger]) {
        storeCalls.length = 0;
        expect(outcomeOf(await send(target, { as: key, ...body })), request).toBe("403 forbidden");
        expect(storeCalls, request).toEqual(["findVirtualKeyByDigest"]);
      }
    }
    expect(dials).toEqual([]);
  });

  it("A47: not a byte of an unproven request's body is read", async () => {
    const { app } = await createTestApp();
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new TextEncoder().encode("x"));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await app.request(
      "/api/v1/servers",
      { method: "POST", headers: { "Content-Type": "application/json" }, body, duplex: "half" },
      { requestId: "req_1", address: null, rawPath: "/api/v1/servers" },
    );
    expect([response.status, pulled]).toEqual([401, 0]);
  });

  it("A47: a configuration that looks like a command is refused as a shape that is not documented", async () => {
    const test = await createTestApp();
    for (const change of [{ command: "/bin/sh" }, { transport: "stdio" }, { args: ["-c"] }, { env: {} }]) {
      expect(outcomeOf(await create(test, change))).toBe("400 invalid_request");
    }
    for (const url of ["file:///bin/sh", "stdio:/bin/sh", "javascript:alert(1)", "/bin/sh"]) {
      expect(outcomeOf(await create(test, { url }))).toBe("422 upstream_url_invalid");
    }
    expect(test.dials).toEqual([]);
  });
});

describe("a server", () => {
  it("is verified, discovered and shown without any value", async () => {
    const test = await createTestApp();
    const answer = await create(test, {
      verification: { probe_tool: { name: "whoami", arguments: { deep: [1, { ok: true }] } } },
      tools: ["search"],
    });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^srv_/) as string,
      name: "tracker",
      url: "https://mcp.example.com/mcp",
      url_origin: "https://mcp.example.com",
      transport: "streamable_http",
      auth_type: "per_user_headers",
      header_schema: [
        {
          name: "X-API-Key",
          label: "API key",
          help: "From your settings page.",
          help_url: "https://example.com/keys",
          secret: true,
          required: true,
        },
        { name: "X-Tenant", label: "X-Tenant", help: "", help_url: null, secret: false, required: false },
      ],
      schema_revision: 1,
      static_header_names: ["x-source"],
      allow_all_identities: false,
      link_policy: "inherit",
      verification: { probe_tool: { name: "whoami", arguments: { deep: [1, { ok: true }] } }, negative_control: true },
      tools: ["search"],
      status: "ready",
      discovered: {
        tools: [
          { name: "search", description: "Finds things." },
          { name: "write", description: null },
        ],
        era: "modern",
        protocol_version: "2026-07-28",
        server_name: "upstream",
        server_version: "1.0.0",
        at: 1000,
      },
      version: 1,
      created_at: test.clock.now,
      updated_at: test.clock.now,
      verified: "proven",
    });
    const list = await test.send("GET /api/v1/servers", { as: ADMIN_TOKEN });
    const one = await test.send(`GET /api/v1/servers/${String(answer.json["id"])}`, { as: ADMIN_TOKEN });
    expect(list.json["items"]).toEqual([one.json]);
    for (const value of ["static-canary-value", "sample-canary-value"]) {
      expect(answer.text + list.text + one.text).not.toContain(value);
    }
  });

  it("that the sample does not open, or that cannot be judged, is not kept", async () => {
    const test = await createTestApp();
    test.answerVerify({ kind: "rejected", step: "list_tools" });
    const refused = await create(test);
    expect(errorOf(refused)).toMatchObject({ code: "upstream_rejected", details: { step: "list_tools" } });
    for (const code of [
      "upstream_unreachable",
      "upstream_redirected",
      "upstream_protocol",
      "upstream_not_allowed",
    ] as const) {
      test.answerVerify({ kind: "unknown", code });
      expect(outcomeOf(await create(test))).toMatch(new RegExp(`^(422|503) ${code}$`));
    }
    expect((await test.send("GET /api/v1/servers", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
  });

  it("without a sample waits until it is verified", async () => {
    const test = await createTestApp();
    const { json } = await create(test, { sample_headers: undefined });
    expect(json).toMatchObject({ status: "pending_verification", discovered: null, verified: null });
    const verified = await test.send(`POST /api/v1/servers/${String(json["id"])}/verify`, {
      as: ADMIN_TOKEN,
      body: { sample_headers: { "X-API-Key": "v" } },
    });
    expect(verified.json).toMatchObject({ status: "ready", verified: "proven" });
  });

  it("is found by its exact name", async () => {
    const { send, serverId } = await createScene();
    const found = await send("GET /api/v1/servers?name=tracker", { as: ADMIN_TOKEN });
    expect(found.json["items"]).toMatchObject([{ id: serverId }]);
    const none = await send("GET /api/v1/servers?name=track", { as: ADMIN_TOKEN });
    expect(none.json).toEqual({ items: [], next_cursor: null });
  });

  it("takes back what was read of it, and says how many credentials a change touched", async () => {
    const scene = await createScene();
    await scene.connect();
    const path = `/api/v1/servers/${scene.serverId}`;
    const { json } = await scene.send(`GET ${path}`, { as: ADMIN_TOKEN });
    const same = await scene.send(`PATCH ${path}`, {
      as: ADMIN_TOKEN,
      body: {
        name: json["name"],
        header_schema: json["header_schema"],
        verification: json["verification"],
        tools: json["tools"],
        link_policy: json["link_policy"],
        allow_all_identities: json["allow_all_identities"],
      },
    });
    expect(same.json).toMatchObject({ header_schema: json["header_schema"], orphaned: 0, needs_update: 0 });
    const moved = await scene.send(`PATCH ${path}`, {
      as: ADMIN_TOKEN,
      body: { url: "https://other.example.com/mcp", static_headers: {} },
    });
    expect(moved.json).toMatchObject({
      url_origin: "https://other.example.com",
      static_header_names: [],
      needs_update: 1,
    });
    const disabled = await scene.send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { enabled: false } });
    expect(disabled.json).toMatchObject({ status: "disabled", orphaned: 1 });
    const enabled = await scene.send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { enabled: true } });
    expect(enabled.json).toMatchObject({ status: "ready", reactivated: 1 });
  });

  it("that is not there is a 404 on every request, and a name that is taken a 409", async () => {
    const { send } = await createScene();
    const requests: [string, unknown][] = [
      ["GET /api/v1/servers/srv_x", undefined],
      ["PATCH /api/v1/servers/srv_x", {}],
      ["DELETE /api/v1/servers/srv_x", undefined],
      ["POST /api/v1/servers/srv_x/verify", {}],
      ["GET /api/v1/servers/srv_x/grants", undefined],
      ["PUT /api/v1/servers/srv_x/grants", { grants: [] }],
    ];
    for (const [request, body] of requests) {
      expect(outcomeOf(await send(request, { as: ADMIN_TOKEN, body })), request).toBe("404 server_not_found");
    }
    expect(outcomeOf(await send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: SERVER }))).toBe("409 name_taken");
  });

  it("is deleted with everything that belongs to it", async () => {
    const scene = await createScene();
    await scene.connect();
    expect((await scene.send(`DELETE /api/v1/servers/${scene.serverId}`, { as: ADMIN_TOKEN })).status).toBe(204);
    expect((await scene.send("GET /api/v1/credentials", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
    expect(scene.dials).toContain(`forgetServer ${scene.serverId}`);
  });

  it("has a name without capitals, hyphens and leading digits", async () => {
    const test = await createTestApp();
    for (const name of ["Tracker", "tra-cker", "1tracker", "t".repeat(33), ""]) {
      expect(outcomeOf(await create(test, { name })), name).toBe("400 invalid_server_name");
    }
  });

  it("does not keep arguments nested so deep that they could not be written again", async () => {
    const test = await createTestApp();
    const probe = (depth: number): string =>
      JSON.stringify({ ...SERVER, verification: { probe_tool: { name: "t", arguments: { a: "DEEP" } } } }).replace(
        `"DEEP"`,
        "[".repeat(depth) + "]".repeat(depth),
      );
    const send = (depth: number): Promise<Answer> =>
      test.send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: probe(depth) });
    expect(errorOf(await send(40_000))).toMatchObject({
      code: "invalid_request",
      details: { in: "body", path: "verification.probe_tool.arguments" },
    });
    expect(outcomeOf(await send(30))).toBe("201");
  });
});

describe("grants", () => {
  it("are replaced as a whole, and who loses access keeps its values, unused", async () => {
    const scene = await createScene();
    const id = await scene.connect();
    const path = `/api/v1/servers/${scene.serverId}/grants`;
    const grants = [{ auth_mode: "virtual_key", identity: scene.stranger.id, tools: ["search"] }];
    const replaced = await scene.send(`PUT ${path}`, { as: ADMIN_TOKEN, body: { grants } });
    const shown = grants.map((grant) => ({ ...grant, name: expect.toBeOneOf([null, "stranger"]) as null }));
    expect(replaced.json).toEqual({ grants: shown, orphaned: 1, reactivated: 0, needs_update: 0 });
    expect((await scene.send(`GET ${path}`, { as: ADMIN_TOKEN })).json).toEqual({ grants: shown });
    const orphan = await scene.send(`GET /api/v1/credentials/${id}`, { as: ADMIN_TOKEN });
    expect(orphan.json).toMatchObject({ status: "orphaned", orphaned_at: scene.clock.now });
    const start = await scene.send(`POST /api/v1/credentials/${id}/flow`, { as: scene.owner.key });
    expect(outcomeOf(start)).toBe("403 access_denied");
  });

  it("A13: name an identity by mode and id, each once and in visible ASCII", async () => {
    const scene = await createScene();
    const put = (...grants: unknown[]): Promise<Answer> =>
      scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, { as: ADMIN_TOKEN, body: { grants } });
    const same = { auth_mode: "virtual_key", identity: scene.owner.id };
    expect(outcomeOf(await put(same, same))).toBe("400 invalid_request");
    expect(outcomeOf(await put(same, { ...same, auth_mode: "session" }))).toBe("200");
    expect(outcomeOf(await put({ ...same, auth_mode: "user" }))).toBe("400 invalid_request");
    for (const identity of ["", " 1", "1 ", "a\u0000b", "é", "e\u0301", "\u0430dmin", "x".repeat(256)]) {
      expect(outcomeOf(await put({ auth_mode: "session", identity })), JSON.stringify(identity)).toBe(
        "400 invalid_identity",
      );
    }
    expect(outcomeOf(await put({ auth_mode: "virtual_key", identity: "vk_unknown" }))).toBe("400 invalid_request");
    expect(outcomeOf(await put({ auth_mode: "admin", identity: "1" }))).toBe("400 invalid_request");
  });
});
