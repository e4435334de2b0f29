import { describe, expect, it } from "vitest";
import { createScene, type Scene } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, errorOf, outcomeOf, PUBLIC_URL, type TestApp } from "./test-app.ts";

const ADA = { name: "Ada", email: "Ada@Example.com" };
const DAY_MS = 86_400_000;

async function invite(test: TestApp, changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const answer = await test.send("POST /api/v1/users", { as: ADMIN_TOKEN, body: { ...ADA, ...changes } });
  expect(outcomeOf(answer)).toBe("201");
  return answer.json;
}

async function inviteForId(test: TestApp, changes: Record<string, unknown> = {}): Promise<string> {
  return ((await invite(test, changes))["user"] as { id: string }).id;
}

/** A virtual key that acts as the user, and what the user has stored with it. */
async function connectAs(scene: Scene, userId: string): Promise<{ key: string; credentialId: string }> {
  const { send, serverId } = scene;
  await send(`PUT /api/v1/servers/${serverId}/grants`, {
    as: ADMIN_TOKEN,
    body: { grants: [{ auth_mode: "user", identity: userId }] },
  });
  const made = await send("POST /api/v1/virtual-keys", {
    as: ADMIN_TOKEN,
    body: { name: "laptop", owner_user_id: userId },
  });
  const key = String(made.json["key"]);
  return { key, credentialId: await scene.storeFor({ mode: "user", id: userId }) };
}

describe("a user", () => {
  it("is invited by a link that is shown once, works for 7 days and keeps its secret after the #", async () => {
    const test = await createTestApp();
    const invited = await invite(test);
    expect(invited).toEqual({
      user: {
        id: expect.stringMatching(/^usr_/) as string,
        name: "Ada",
        email: "ada@example.com",
        role: "user",
        enabled: true,
        invited: true,
        created_at: test.clock.now,
        updated_at: test.clock.now,
      },
      invite_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4180\/invite#t=kwi_[\w-]{49}$/) as string,
      invite_expires_at: test.clock.now + 7 * DAY_MS,
    });
    const { id } = invited["user"] as { id: string };
    const again = await test.send(`POST /api/v1/users/${id}/invite`, { as: ADMIN_TOKEN });
    expect(again.json).toMatchObject({ invite_expires_at: test.clock.now + 7 * DAY_MS });
    expect(again.json["invite_url"]).not.toBe(invited["invite_url"]);
    const seen = [
      await test.send(`GET /api/v1/users/${id}`, { as: ADMIN_TOKEN }),
      await test.send("GET /api/v1/users", { as: ADMIN_TOKEN }),
      await test.send("GET /api/v1/audit", { as: ADMIN_TOKEN }),
    ];
    expect(seen.map(({ text }) => text).join() + JSON.stringify(test.log)).not.toContain("kwi_");
    expect(String(invited["invite_url"])).toContain(`${PUBLIC_URL}/invite#`);
  });

  it("is found by name, address, role, state and group, page by page", async () => {
    const test = await createTestApp();
    const { send } = test;
    const group = await send("POST /api/v1/groups", { as: ADMIN_TOKEN, body: { name: "ops" } });
    const groupId = String(group.json["id"]);
    await invite(test, { group_ids: [groupId] });
    const bob = await inviteForId(test, { name: "Bob", email: "bob@example.com", role: "admin" });
    await send(`PATCH /api/v1/users/${bob}`, { as: ADMIN_TOKEN, body: { enabled: false } });
    const names = async (query: string): Promise<unknown[]> => {
      const answer = await send(`GET /api/v1/users?${query}`, { as: ADMIN_TOKEN });
      return (answer.json["items"] as { name: string }[]).map(({ name }) => name);
    };
    expect(await names("")).toEqual(["Ada", "Bob"]);
    expect(await names("q=ADA%40ex")).toEqual(["Ada"]);
    expect(await names("q=bo")).toEqual(["Bob"]);
    expect(await names("role=admin")).toEqual(["Bob"]);
    expect(await names("enabled=true")).toEqual(["Ada"]);
    expect(await names("enabled=false")).toEqual(["Bob"]);
    expect(await names(`group=${groupId}`)).toEqual(["Ada"]);
    expect(await names("group=grp_unknown")).toEqual([]);
    const first = await send("GET /api/v1/users?limit=1", { as: ADMIN_TOKEN });
    expect(await names(`limit=1&cursor=${String(first.json["next_cursor"])}`)).toEqual(["Bob"]);
    for (const query of ["enabled=yes", "role=root", "limit=0", "unknown=1"]) {
      expect(outcomeOf(await send(`GET /api/v1/users?${query}`, { as: ADMIN_TOKEN })), query).toBe(
        "400 invalid_request",
      );
    }
  });

  it("shows its groups, and is changed by what is given only", async () => {
    const test = await createTestApp();
    const { send } = test;
    const group = await send("POST /api/v1/groups", { as: ADMIN_TOKEN, body: { name: "ops" } });
    const id = await inviteForId(test, { group_ids: [group.json["id"]] });
    const shown = await send(`GET /api/v1/users/${id}`, { as: ADMIN_TOKEN });
    expect(shown.json).toMatchObject({ name: "Ada", groups: [{ id: group.json["id"], name: "ops" }] });
    const renamed = await send(`PATCH /api/v1/users/${id}`, { as: ADMIN_TOKEN, body: { name: "Ada L." } });
    expect(renamed.json).toMatchObject({ name: "Ada L.", role: "user", enabled: true, orphaned: 0 });
  });

  it("is refused with a code that says why", async () => {
    const test = await createTestApp();
    const { send } = test;
    const id = await inviteForId(test);
    const post = async (body: unknown): Promise<string> =>
      outcomeOf(await send("POST /api/v1/users", { as: ADMIN_TOKEN, body }));
    expect(await post({ ...ADA, name: "Other" })).toBe("409 email_taken");
    expect(await post({ ...ADA, email: "ada" })).toBe("400 invalid_email");
    expect(await post({ ...ADA, email: "a@example.com", group_ids: ["grp_x"] })).toBe("404 group_not_found");
    expect(await post({ ...ADA, email: "a@example.com", role: "root" })).toBe("400 invalid_request");
    expect(await post({ ...ADA, email: "a@example.com", password: "secret" })).toBe("400 invalid_request");
    expect(await post({ ...ADA, email: "a@example.com", name: "evil\u202e" })).toBe("400 invalid_request");
    const body = { name: "x" };
    for (const request of ["PATCH /api/v1/users/usr_x", "DELETE /api/v1/users/usr_x", "GET /api/v1/users/usr_x"]) {
      const answer = await send(request, { as: ADMIN_TOKEN, ...(request.startsWith("PATCH") ? { body } : {}) });
      expect(outcomeOf(answer), request).toBe("404 user_not_found");
    }
    expect(outcomeOf(await send("POST /api/v1/users/usr_x/invite", { as: ADMIN_TOKEN }))).toBe("404 user_not_found");
    expect(outcomeOf(await send("DELETE /api/v1/users/usr_x/sessions", { as: ADMIN_TOKEN }))).toBe(
      "404 user_not_found",
    );
    expect(outcomeOf(await send(`DELETE /api/v1/users/${id}/sessions`, { as: ADMIN_TOKEN }))).toBe("204");
  });

  it("who is disabled or removed loses the gateway at once, and a preview tells it before without doing it", async () => {
    const scene = await createScene();
    const { send } = scene;
    const id = await inviteForId(scene);
    const { key, credentialId } = await connectAs(scene, id);
    const whoAmI = async (): Promise<string> => outcomeOf(await send("GET /api/v1/me", { as: key }));
    const statusOfCredential = async (): Promise<unknown> => {
      const answer = await send(`GET /api/v1/credentials/${credentialId}`, { as: ADMIN_TOKEN });
      return answer.json["status"] ?? outcomeOf(answer);
    };
    const auditLength = async (): Promise<number> =>
      ((await send("GET /api/v1/audit?limit=500", { as: ADMIN_TOKEN })).json["items"] as unknown[]).length;
    const path = `/api/v1/users/${id}`;

    const before = await auditLength();
    const tried = await send(`PATCH ${path}?dry_run=true`, { as: ADMIN_TOKEN, body: { enabled: false } });
    expect(tried.json).toEqual({ preview: { orphaned: 1, reactivated: 0, needs_update: 0, people: 1 } });
    expect([await whoAmI(), await statusOfCredential(), await auditLength()]).toEqual(["200", "active", before]);

    const disabled = await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { enabled: false } });
    expect(disabled.json).toMatchObject({ enabled: false, orphaned: 1 });
    expect([await whoAmI(), await statusOfCredential()]).toEqual(["401 unauthenticated", "orphaned"]);

    const back = await send(`PATCH ${path}?dry_run=false`, { as: ADMIN_TOKEN, body: { enabled: true } });
    expect(back.json).toMatchObject({ enabled: true, reactivated: 1 });
    expect([await whoAmI(), await statusOfCredential()]).toEqual(["200", "active"]);

    const foretold = await send(`DELETE ${path}?dry_run=true`, { as: ADMIN_TOKEN });
    expect([foretold.status, foretold.json]).toEqual([
      200,
      { preview: { orphaned: 0, reactivated: 0, needs_update: 0, people: 1 } },
    ]);
    expect([await whoAmI(), await statusOfCredential()]).toEqual(["200", "active"]);

    expect((await send(`DELETE ${path}`, { as: ADMIN_TOKEN })).status).toBe(204);
    expect([await whoAmI(), await statusOfCredential()]).toEqual(["401 unauthenticated", "404 credential_not_found"]);
    expect(outcomeOf(await send(`GET ${path}`, { as: ADMIN_TOKEN }))).toBe("404 user_not_found");
  });

  it("dry_run is true or false and nothing else, so that a typing error changes nothing", async () => {
    const test = await createTestApp();
    const id = await inviteForId(test);
    for (const word of ["", "1", "yes", "TRUE", "false&dry_run=true"]) {
      const answer = await test.send(`DELETE /api/v1/users/${id}?dry_run=${word}`, { as: ADMIN_TOKEN });
      expect(outcomeOf(answer), word).toBe("400 invalid_request");
    }
    const misspelt = await test.send(`DELETE /api/v1/users/${id}?dryrun=true`, { as: ADMIN_TOKEN });
    expect(errorOf(misspelt).message).toBe("The query has a key that is not documented: dryrun.");
    expect((await test.send(`GET /api/v1/users/${id}`, { as: ADMIN_TOKEN })).status).toBe(200);
  });
});
