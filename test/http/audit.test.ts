import { describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import { createScene, GOOD_VALUES } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf } from "./test-app.ts";

interface Shown {
  readonly id: number;
  readonly action: string;
  readonly request_id: string;
}

function itemsOf(json: Record<string, unknown>): Shown[] {
  return json["items"] as Shown[];
}

describe("the audit log", () => {
  it("tells who did what, from where, and never a value", async () => {
    const scene = await createScene();
    const credentialId = await scene.connect();
    const answer = await scene.send("GET /api/v1/audit?action=credential.stored", { as: ADMIN_TOKEN });
    const owner = { auth_mode: "virtual_key", id: scene.owner.id };
    expect(answer.json["items"]).toEqual([
      {
        id: expect.any(Number) as number,
        at: scene.clock.now,
        actor: { kind: "identity", ...owner },
        action: "credential.stored",
        outcome: "ok",
        server_id: scene.serverId,
        identity: owner,
        credential_id: credentialId,
        version: 1,
        request_id: expect.stringMatching(/^req_/) as string,
        address: "203.0.113.9",
        detail: { fields: ["x-api-key", "x-tenant"], verification: "proven" },
        effects: null,
        previous_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
    const all = await scene.send("GET /api/v1/audit", { as: ADMIN_TOKEN });
    for (const value of [...Object.values(GOOD_VALUES), "static-canary-value", "sample-canary-value"]) {
      expect(all.text).not.toContain(value);
    }
  });

  it("is filtered by action, server, credential, identity and time", async () => {
    const scene = await createScene();
    const { send, serverId, owner } = scene;
    const credentialId = await scene.connect();
    scene.clock.now += 1000;
    await send(`DELETE /api/v1/credentials/${credentialId}`, { as: owner.key });
    const ask = async (query: string): Promise<string[]> =>
      itemsOf((await send(`GET /api/v1/audit?${query}`, { as: ADMIN_TOKEN })).json).map(({ action }) => action);
    expect(await ask(`credential=${credentialId}`)).toEqual([
      "credential.revoked",
      "credential.stored",
      "credential.verified",
      "flow.opened",
      "flow.requested",
    ]);
    expect(await ask(`since=${scene.clock.now}`)).toEqual(["credential.revoked"]);
    expect(await ask(`server=${serverId}&action=server.created`)).toEqual(["server.created"]);
    expect(await ask(`auth_mode=virtual_key&identity=${owner.id}`)).toContain("flow.requested");
    expect(await ask("server=srv_unknown")).toEqual([]);
    expect(await ask(`until=${scene.clock.now}&credential=${credentialId}`)).toEqual([
      "credential.stored",
      "credential.verified",
      "flow.opened",
      "flow.requested",
    ]);
    expect(await ask(`actor=virtual_key:${owner.id}&action=credential.revoked`)).toEqual(["credential.revoked"]);
    expect(await ask("actor=system&outcome=ok")).toEqual([]);
    expect(await ask("outcome=refused")).toEqual([]);
    for (const query of ["actor=owner", "actor=user:", "outcome=maybe", "until=tomorrow"]) {
      const answer = await send(`GET /api/v1/audit?${query}`, { as: ADMIN_TOKEN });
      expect(outcomeOf(answer), query).toBe("400 invalid_request");
    }
    for (const query of ["action=everything", "since=yesterday", "identity=x", "format=csv", "page=2"]) {
      const answer = await send(`GET /api/v1/audit?${query}`, { as: ADMIN_TOKEN });
      expect(outcomeOf(answer), query).toBe("400 invalid_request");
    }
  });

  it("says what a change of many did to the credential that is asked for", async () => {
    const { send, serverId, connect } = await createScene();
    const id = await connect();
    await send(`PUT /api/v1/servers/${serverId}/grants`, { as: ADMIN_TOKEN, body: { grants: [] } });
    const of = async (query: string) =>
      (await send(`GET /api/v1/audit?limit=1${query}`, { as: ADMIN_TOKEN })).json["items"] as object[];
    expect(await of(`&credential=${id}`)).toEqual([
      expect.objectContaining({ action: "grants.replaced", credential_id: null, effects: ["orphaned"] }),
    ]);
    expect(await of("")).toEqual([expect.objectContaining({ action: "grants.replaced", effects: null })]);
  });

  it("says whether it is as it was written, to an administrator", async () => {
    const scene = await createScene();
    await scene.connect();
    const [last] = itemsOf((await scene.send("GET /api/v1/audit?limit=1", { as: ADMIN_TOKEN })).json);
    const verdict = await scene.send("GET /api/v1/audit/verify", { as: ADMIN_TOKEN });
    const { hash } = last as unknown as { hash: string };
    expect(verdict.json).toEqual({ intact: true, events: last?.id, broken_at: null, last_hash: hash });
    expect(outcomeOf(await scene.send("GET /api/v1/audit/verify", { as: scene.owner.key }))).toBe("403 forbidden");
  });

  it("is exported whole, as JSON lines, over any number of pages of the store", async () => {
    const test = await createTestApp();
    for (let count = 0; count < 501; count += 1) {
      await test.store.appendAudit({
        requestId: `req_${count}`,
        address: null,
        actor: { kind: "system" },
        action: "credential.swept",
        outcome: "ok",
      });
    }
    for (const [query, headers] of [
      ["?format=jsonl", {}],
      ["", { Accept: "application/x-ndjson" }],
    ] as const) {
      const answer = await test.send(`GET /api/v1/audit${query}`, { as: ADMIN_TOKEN, headers });
      expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
      const events = answer.text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Shown);
      expect(events.map((event) => event.request_id)).toEqual(
        Array.from({ length: 501 }, (_, at) => `req_${500 - at}`),
      );
    }
    const paged = await test.send("GET /api/v1/audit?format=jsonl&limit=5", { as: ADMIN_TOKEN });
    expect(outcomeOf(paged)).toBe("400 invalid_request");
    const none = await test.send("GET /api/v1/audit?format=jsonl&action=setup.completed", { as: ADMIN_TOKEN });
    expect([none.status, none.text]).toEqual([200, ""]);
  });

  it("P10: an export that cannot be read is a 503, not an empty file", async () => {
    const test = await createTestApp({ failures: { listAudit: new KeywardError("credential_store_unavailable") } });
    const answer = await test.send("GET /api/v1/audit?format=jsonl", { as: ADMIN_TOKEN });
    expect(outcomeOf(answer)).toBe("503 credential_store_unavailable");
  });
});
