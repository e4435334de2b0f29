import { describe, expect, it } from "vitest";
import { byTempToken, createScene, GOOD_VALUES, type Scene } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, outcomeOf, type SendOptions } from "./test-app.ts";

const PUT_BODY = { body: { headers: GOOD_VALUES } };

/** All three requests that a link allows, with the same proof. */
async function ask(scene: Scene, flowId: string, proof: SendOptions): Promise<Answer[]> {
  return [
    await scene.send(`GET /api/v1/flows/${flowId}`, proof),
    await scene.send(`GET /api/v1/flows/${flowId}/status`, proof),
    await scene.send(`PUT /api/v1/flows/${flowId}`, { ...proof, ...PUT_BODY }),
  ];
}

async function bytesOfUnknown(scene: Scene): Promise<string> {
  const answer = await scene.send("GET /api/v1/flows/flow_neverIssued000000000000", { as: scene.owner.key });
  expect(outcomeOf(answer)).toBe("404 flow_not_found");
  return answer.text;
}

describe("whoever may open a link", () => {
  it("sees what the connect page needs, and fills it", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    const seen = await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key });
    expect(seen.json).toEqual({
      id: flowId,
      state: "pending",
      server: { name: "tracker", url_origin: "https://mcp.example.com" },
      identity: { auth_mode: "virtual_key", id: scene.owner.id, name: "owner" },
      requested_by: { client_name: null, client_version: null, address: "203.0.113.9" },
      requested_at: scene.clock.now,
      expires_at: scene.clock.now + 900_000,
      now: scene.clock.now,
      fields: [
        {
          name: "x-api-key",
          display_name: "X-API-Key",
          label: "API key",
          help: "From your settings page.",
          help_url: "https://example.com/keys",
          secret: true,
          required: true,
          on_file: false,
          choices: null,
          outdated: false,
          pattern: null,
          pattern_hint: null,
          template: null,
        },
        {
          name: "x-tenant",
          display_name: "X-Tenant",
          label: "X-Tenant",
          help: "",
          help_url: null,
          secret: false,
          required: false,
          on_file: false,
          choices: null,
          outdated: false,
          pattern: null,
          pattern_hint: null,
          template: null,
        },
      ],
      static_header_names: ["x-source"],
      credential: null,
      proof: "virtual_key",
      attempts_left: 5,
    });
    const stored = await scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, ...PUT_BODY });
    expect(stored.json).toEqual({
      credential_id: expect.stringMatching(/^cred_/),
      status: "active",
      verification: "proven",
      version: 1,
    });
    expect(scene.dials).toContain(`verify x-api-key=${GOOD_VALUES["X-API-Key"]}&x-tenant=${GOOD_VALUES["X-Tenant"]}`);
    const status = await scene.send(`GET /api/v1/flows/${flowId}/status`, { as: scene.owner.key });
    expect(status.json).toEqual({ state: "completed" });
  });

  it("may be an administrator, or the holder of a link that alone suffices, and the page is told which", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const { flowId, token } = await scene.startFlow();
    const byAdmin = await scene.send(`GET /api/v1/flows/${flowId}`, { as: ADMIN_TOKEN });
    expect(byAdmin.json["proof"]).toBe("admin");
    const byToken = await scene.send(`GET /api/v1/flows/${flowId}`, byTempToken(token));
    expect(byToken.json["proof"]).toBe("temp_token");
    expect((await ask(scene, flowId, byTempToken(token))).map(outcomeOf)).toEqual(["200", "200", "200"]);
  });

  it("may be a session, whose id is shown shortened and whose value nowhere", async () => {
    const scene = await createScene({ areSessionsEnabled: true });
    const value = "session-value-that-is-long-enough-0123456789";
    const bySession = { headers: { "Keyward-Session": value } };
    const me = await scene.send("GET /api/v1/me", bySession);
    const { id } = me.json["identity"] as { id: string };
    await scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, {
      as: ADMIN_TOKEN,
      body: { grants: [{ auth_mode: "session", identity: id }] },
    });
    const started = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, bySession);
    const seen = await scene.send(`GET /api/v1/flows/${String(started.json["flow_id"])}`, bySession);
    expect(seen.json["identity"]).toEqual({ auth_mode: "session", id: `${id.slice(0, 12)}…`, name: null });
    expect(seen.text + me.text).not.toContain(value);
  });

  it("is told who asked, as the client named itself", async () => {
    const scene = await createScene();
    const started = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, {
      as: scene.owner.key,
      headers: { "User-Agent": "keyward-cli/0.1.0 (linux)" },
    });
    const seen = await scene.send(`GET /api/v1/flows/${String(started.json["flow_id"])}`, { as: scene.owner.key });
    expect(seen.json["requested_by"]).toEqual({
      client_name: "keyward-cli",
      client_version: "0.1.0",
      address: "203.0.113.9",
    });
  });
});

describe("one answer for every link that is not yours to open", () => {
  it("A07: unknown, malformed, expired by 1 ms and exactly expired links are the same bytes", async () => {
    const scene = await createScene();
    const unknown = await bytesOfUnknown(scene);
    const { flowId } = await scene.startFlow();
    for (const id of ["x", "flow_", "a".repeat(4096), "flow_%00", "..", "flow_'--"]) {
      const answer = await scene.send(`GET /api/v1/flows/${id}`, { as: scene.owner.key });
      // What needs decoding is not even a path of the API.
      expect([unknown, `{"error":{"code":"not_found","message":"There is nothing here."}}`]).toContain(answer.text);
    }
    scene.clock.now += 900_000 - 1;
    expect(outcomeOf(await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key }))).toBe("200");
    for (const step of [1, 1]) {
      scene.clock.now += step;
      for (const answer of await ask(scene, flowId, { as: scene.owner.key })) {
        expect(answer.text).toBe(unknown);
      }
    }
  });

  it("A07: a link token that is expired, unknown, malformed or a megabyte long is answered alike", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const unknown = await bytesOfUnknown(scene);
    const { flowId, token } = await scene.startFlow();
    const other = await createScene({ areTempTokenLinksEnabled: true });
    const neverIssued = (await other.startFlow()).token;
    scene.storeCalls.length = 0;
    const malformed = [`${String(token).slice(0, -1)}!`, "kwt_", "x", "kwt_" + "A".repeat(1_000_000)];
    for (const text of malformed) {
      for (const answer of await ask(scene, flowId, byTempToken(text))) {
        expect(answer.text).toBe(unknown);
      }
    }
    expect(scene.storeCalls, "a bad checksum costs a lookup").toEqual([]);
    for (const answer of await ask(scene, flowId, byTempToken(neverIssued))) {
      expect(answer.text).toBe(unknown);
    }
    scene.clock.now += 900_000;
    for (const answer of await ask(scene, flowId, byTempToken(token))) {
      expect(answer.text).toBe(unknown);
    }
  });

  it("A04: a used link, replayed by its owner, by its token or by an administrator, is answered as unknown", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const unknown = await bytesOfUnknown(scene);
    const { flowId, token } = await scene.startFlow();
    const body = { body: { headers: GOOD_VALUES } };
    const first = await scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, ...body });
    expect(outcomeOf(first)).toBe("200");
    const dials = scene.dials.length;
    const proofs = [{ as: scene.owner.key }, byTempToken(token), { as: ADMIN_TOKEN }];
    for (const proof of proofs) {
      const put = await scene.send(`PUT /api/v1/flows/${flowId}`, {
        ...proof,
        body: { headers: { "X-API-Key": "other" } },
      });
      const get = await scene.send(`GET /api/v1/flows/${flowId}`, proof);
      expect([put.text, get.text]).toEqual([unknown, unknown]);
    }
    expect(scene.dials.length, "a replay was verified").toBe(dials);
    const credential = await scene.send(`GET /api/v1/credentials/${String(first.json["credential_id"])}`, {
      as: scene.owner.key,
    });
    expect(credential.json["version"]).toBe(1);
  });

  it("A12: another identity's link, with a valid key, is answered as unknown on every request", async () => {
    const scene = await createScene();
    const unknown = await bytesOfUnknown(scene);
    const { flowId } = await scene.startFlow();
    for (const answer of await ask(scene, flowId, { as: scene.stranger.key })) {
      expect(answer.text).toBe(unknown);
    }
    expect(scene.dials.filter((dial) => dial.includes(GOOD_VALUES["X-API-Key"]))).toEqual([]);
  });

  it("A05: a token of another purpose opens nothing", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const { flowId, token } = await scene.startFlow();
    const setupToken = (await scene.admins.offerSetup())?.reveal() ?? "";
    for (const text of [scene.owner.key, setupToken, ADMIN_TOKEN]) {
      expect((await ask(scene, flowId, byTempToken(text))).map(outcomeOf)).toEqual(Array(3).fill("404 flow_not_found"));
    }
    for (const text of [String(token), setupToken]) {
      expect((await ask(scene, flowId, { as: text })).map(outcomeOf)).toEqual(Array(3).fill("404 flow_not_found"));
      expect(outcomeOf(await scene.send("GET /api/v1/me", { as: text }))).toBe("401 unauthenticated");
    }
    expect(outcomeOf(await scene.send("GET /api/v1/me", byTempToken(token)))).toBe("401 unauthenticated");
  });

  it("ten wrong keys lock a link, also for its owner", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(outcomeOf(await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key }))).toBe("200");
      await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.stranger.key });
    }
    const locked = await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key });
    expect(outcomeOf(locked)).toBe("404 flow_not_found");
  });
});

describe("a proof", () => {
  it("A10: that is absent or blank is a 401 for every id, and costs no lookup", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    scene.storeCalls.length = 0;
    for (const id of [flowId, "flow_unknown"]) {
      expect((await ask(scene, id, {})).map(outcomeOf)).toEqual(Array(3).fill("401 opener_unknown"));
      for (const headers of [{ Authorization: "" }, { "Keyward-Session": "" }, { Authorization: "Bearer" }]) {
        expect((await ask(scene, id, { headers })).map(outcomeOf)).toEqual(Array(3).fill("401 unauthenticated"));
      }
    }
    expect(scene.storeCalls).toEqual([]);
  });

  it("A11: that is garbage, doubled or of two kinds is a 401 and never anonymous access", async () => {
    const scene = await createScene({ areSessionsEnabled: true });
    const { flowId } = await scene.startFlow();
    const { key } = scene.owner;
    const two: readonly Record<string, string>[] = [
      { Authorization: `Bearer ${key}, Bearer ${key}` },
      { Authorization: `Bearer ${key}`, "Keyward-Session": "s".repeat(40) },
      { "Keyward-Session": `${"s".repeat(40)}, ${"t".repeat(40)}` },
    ];
    for (const headers of two) {
      expect((await ask(scene, flowId, { headers })).map(outcomeOf)).toEqual(
        Array(3).fill("401 ambiguous_credentials"),
      );
      expect(outcomeOf(await scene.send("GET /api/v1/me", { headers }))).toBe("401 ambiguous_credentials");
    }
    for (const authorization of ["garbage", "Basic dXNlcjpwYXNz", `Bearer  ${key} x`, `Bearer\t${key}`, key]) {
      const headers = { Authorization: authorization };
      expect((await ask(scene, flowId, { headers })).map(outcomeOf)).toEqual(Array(3).fill("401 unauthenticated"));
      expect(outcomeOf(await scene.send("GET /api/v1/me", { headers }))).toBe("401 unauthenticated");
    }
  });

  it("A06: that a caller brings along in body or query is ignored or refused, and no such flow comes to be", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const mine = "flow_chosenByTheCaller0";
    const inBody = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, {
      as: scene.owner.key,
      body: { flow_id: mine, token: "kwt_mine", state: "completed" },
    });
    expect(outcomeOf(inBody)).toBe("400 invalid_request");
    const inQuery = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow?flow_id=${mine}&t=kwt_mine`, {
      as: scene.owner.key,
    });
    expect(inQuery.json["flow_id"]).not.toBe(mine);
    expect(inQuery.text).not.toContain("kwt_mine");
    const { flowId, token } = await scene.startFlow();
    expect(outcomeOf(await scene.send(`GET /api/v1/flows/${mine}`, { as: scene.owner.key }))).toBe(
      "404 flow_not_found",
    );
    // The token stands in one header and nowhere else.
    const elsewhere = await scene.send(`GET /api/v1/flows/${flowId}?t=${String(token)}`, {
      headers: { Cookie: `t=${String(token)}`, "X-Temp-Token": String(token) },
    });
    expect(outcomeOf(elsewhere)).toBe("401 opener_unknown");
  });

  it("A06: opens its own flow only, whatever id stands in the path", async () => {
    const scene = await createScene({ areTempTokenLinksEnabled: true });
    const { flowId, token } = await scene.startFlow();
    await scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, {
      as: ADMIN_TOKEN,
      body: {
        grants: [scene.owner, scene.stranger].map(({ id }) => ({ auth_mode: "virtual_key", identity: id })),
      },
    });
    const other = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, { as: scene.stranger.key });
    const otherId = String(other.json["flow_id"]);
    expect(otherId).not.toBe(flowId);
    expect((await ask(scene, otherId, byTempToken(token))).map(outcomeOf)).toEqual(Array(3).fill("404 flow_not_found"));
  });
});
