import { describe, expect, it } from "vitest";
import { createScene, GOOD_VALUES, type Scene } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, errorOf, outcomeOf } from "./test-app.ts";

async function connected(): Promise<Scene & { readonly id: string; readonly test: () => Promise<Answer> }> {
  const scene = await createScene();
  const id = await scene.connect();
  scene.dials.length = 0;
  return {
    ...scene,
    id,
    test: () => scene.send(`POST /api/v1/credentials/${id}/test`, { as: scene.owner.key, body: {} }),
  };
}

async function actionsOf({ send, id }: Awaited<ReturnType<typeof connected>>): Promise<readonly string[]> {
  const { json } = await send(`GET /api/v1/audit?credential=${id}`, { as: ADMIN_TOKEN });
  return (json["items"] as { action: string }[]).map(({ action }) => action);
}

const VALUES = Object.entries(GOOD_VALUES)
  .map(([name, value]) => `${name.toLowerCase()}=${value}`)
  .join("&");

describe("a test of stored values", () => {
  it("verifies them with their server now, notes that, and says who asked", async () => {
    const scene = await connected();
    scene.clock.now += 60_000;
    const answer = await scene.test();
    expect([answer.status, answer.json]).toEqual([
      200,
      { outcome: "accepted", verification: "proven", step: null, code: null },
    ]);
    expect(scene.dials).toEqual([`verify ${VALUES}`]);
    const credential = await scene.send(`GET /api/v1/credentials/${scene.id}`, { as: scene.owner.key });
    expect(credential.json).toMatchObject({ verified_at: scene.clock.now, version: 1, status: "active" });
    expect(credential.json["set_at"]).toBe(scene.clock.now - 60_000);
    const { json } = await scene.send("GET /api/v1/audit?limit=1", { as: ADMIN_TOKEN });
    expect(json["items"]).toEqual([
      expect.objectContaining({
        action: "credential.verified",
        actor: { kind: "identity", auth_mode: "virtual_key", id: scene.owner.id },
        credential_id: scene.id,
        version: 1,
        address: "203.0.113.9",
        detail: { verification: "proven" },
      }),
    ]);
  });

  it("rejects them when the server refuses twice, and sends nothing with them from then on", async () => {
    const scene = await connected();
    scene.answerVerify({ kind: "rejected", step: "connect" });
    const answer = await scene.test();
    expect(answer.json).toEqual({ outcome: "rejected", verification: "proven", step: "connect", code: null });
    expect(scene.dials).toEqual([`verify ${VALUES}`, `verify ${VALUES}`, `forgetCredential ${scene.id}`]);
    const credential = await scene.send(`GET /api/v1/credentials/${scene.id}`, { as: scene.owner.key });
    expect(credential.json).toMatchObject({ status: "rejected", status_reason: "connect" });
    expect((await actionsOf(scene))[0]).toBe("credential.rejected");
    scene.dials.length = 0;
    scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
    expect((await scene.test()).json).toMatchObject({ outcome: "rejected", step: null });
    expect(scene.dials).toEqual([]);
  });

  it("changes nothing when the server cannot be asked", async () => {
    const scene = await connected();
    const before = await actionsOf(scene);
    scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
    const answer = await scene.test();
    expect(answer.json).toEqual({
      outcome: "unknown",
      verification: "proven",
      step: null,
      code: "upstream_unreachable",
    });
    const credential = await scene.send(`GET /api/v1/credentials/${scene.id}`, { as: scene.owner.key });
    expect(credential.json).toMatchObject({ status: "active" });
    expect(await actionsOf(scene)).toEqual(before);
  });

  it("is for the owner alone, five times a minute", async () => {
    const scene = await connected();
    const path = `POST /api/v1/credentials/${scene.id}/test`;
    expect(outcomeOf(await scene.send(path, { as: scene.stranger.key, body: {} }))).toBe("404 credential_not_found");
    expect(outcomeOf(await scene.send(path, { as: ADMIN_TOKEN, body: {} }))).toBe("403 forbidden");
    expect(outcomeOf(await scene.send(path, { body: {} }))).toBe("401 unauthenticated");
    expect(scene.dials).toEqual([]);
    const outcomes: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      outcomes.push(outcomeOf(await scene.test()));
    }
    expect(outcomes).toEqual([...Array<string>(5).fill("200"), "429 rate_limited"]);
    expect(scene.dials).toHaveLength(5);
    scene.clock.now += 60_000;
    expect((await scene.test()).status).toBe(200);
  });

  it("A09: sends nothing to another origin, nor what does not fit, nor without access", async () => {
    const scene = await connected();
    const edit = (body: object) => scene.send(`PATCH /api/v1/servers/${scene.serverId}`, { as: ADMIN_TOKEN, body });
    expect((await edit({ url: "https://elsewhere.example.com/mcp", static_headers: {} })).status).toBe(200);
    scene.dials.length = 0;
    const moved = await scene.test();
    expect(outcomeOf(moved)).toBe("409 schema_changed");
    expect(errorOf(moved).message).toContain("Give them anew");
    await scene.send(`PUT /api/v1/servers/${scene.serverId}/grants`, { as: ADMIN_TOKEN, body: { grants: [] } });
    scene.clock.now += 60_000;
    expect(outcomeOf(await scene.test())).toBe("403 access_denied");
    expect(scene.dials.filter((dial) => dial.startsWith("verify"))).toEqual([]);
  });
});

describe("revoking several", () => {
  it("is one request of an administrator, with an event each, and ends their upstream sessions", async () => {
    const scene = await createScene();
    const first = await scene.connect();
    const second = await scene.storeFor({ mode: "session", id: "ses_b" });
    const kept = await scene.storeFor({ mode: "session", id: "ses_c" });
    scene.dials.length = 0;
    const answer = await scene.send("POST /api/v1/credentials/revoke", {
      as: ADMIN_TOKEN,
      body: { ids: [first, second, second, "cred_unknown"] },
    });
    expect([answer.status, answer.json]).toEqual([200, { revoked: 2 }]);
    expect(scene.dials.toSorted()).toEqual([first, second].map((id) => `forgetCredential ${id}`).toSorted());
    const left = await scene.send("GET /api/v1/credentials", { as: ADMIN_TOKEN });
    expect((left.json["items"] as { id: string }[]).map(({ id }) => id)).toEqual([kept]);
    const { json } = await scene.send("GET /api/v1/audit?action=credential.revoked", { as: ADMIN_TOKEN });
    const revoked = (json["items"] as { credential_id: string }[]).map((event) => event.credential_id);
    expect(revoked.toSorted()).toEqual([first, second].toSorted());
  });

  it("is nobody else's, and of 1 to 500 ids", async () => {
    const scene = await createScene();
    const id = await scene.connect();
    const revoke = (as: string, ids: unknown) => scene.send("POST /api/v1/credentials/revoke", { as, body: { ids } });
    expect(outcomeOf(await revoke(scene.owner.key, [id]))).toBe("403 forbidden");
    for (const ids of [[], Array.from({ length: 501 }, (_, i) => `cred_${i}`), id, [1], ["x".repeat(65)]]) {
      expect(outcomeOf(await revoke(ADMIN_TOKEN, ids))).toBe("400 invalid_request");
    }
    expect((await scene.send(`GET /api/v1/credentials/${id}`, { as: scene.owner.key })).status).toBe(200);
  });
});

describe("when and from where values were set", () => {
  const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

  it("is told to their owner, to an administrator, and by the next link, in words of a closed list", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    await scene.send(`PUT /api/v1/flows/${flowId}`, {
      as: scene.owner.key,
      headers: { "User-Agent": `${FIREFOX} <script>` },
      body: { headers: GOOD_VALUES },
    });
    const at = scene.clock.now;
    const setFrom = { client: "Firefox on Linux", address: "203.0.113.9" };
    scene.clock.now += 1_000;
    for (const as of [scene.owner.key, ADMIN_TOKEN]) {
      const { json } = await scene.send("GET /api/v1/credentials", { as });
      expect(json["items"]).toEqual([expect.objectContaining({ set_at: at, set_from: setFrom })]);
    }
    const me = await scene.send("GET /api/v1/me", { as: scene.owner.key });
    expect(me.json["servers"]).toEqual([expect.objectContaining({ set_at: at, set_from: setFrom })]);
    const next = await scene.startFlow();
    const view = await scene.send(`GET /api/v1/flows/${next.flowId}`, { as: scene.owner.key });
    expect(view.json["credential"]).toEqual({ status: "active", updated_at: at, set_from: setFrom });
  });

  it("an administrator's own rows are asked for by own=true", async () => {
    const scene = await createScene();
    const id = await scene.connect();
    await scene.storeFor({ mode: "session", id: "ses_b" });
    const ids = async (as: string, query: string): Promise<readonly string[]> => {
      const { json } = await scene.send(`GET /api/v1/credentials?${query}`, { as });
      return (json["items"] as { id: string }[]).map((item) => item.id);
    };
    expect(await ids(ADMIN_TOKEN, "own=false")).toHaveLength(2);
    expect(await ids(ADMIN_TOKEN, "own=true")).toEqual([]);
    expect(await ids(scene.owner.key, "own=true")).toEqual([id]);
    expect(await ids(scene.owner.key, "own=false")).toEqual([id]);
  });
});
