import { describe, expect, it } from "vitest";
import { createScene } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf } from "./test-app.ts";

describe("a virtual key", () => {
  it("is shown once, when it is made", async () => {
    const test = await createTestApp();
    const expiresAt = test.clock.now + 1;
    const made = await test.send("POST /api/v1/virtual-keys", {
      as: ADMIN_TOKEN,
      body: { name: "CI runner", expires_at: expiresAt, rate_limit_per_minute: 60 },
    });
    const { key, ...shown } = made.json;
    expect([made.status, key]).toEqual([201, expect.stringMatching(/^kw_[\w-]{43}[0-9A-Za-z]{6}$/)]);
    expect(shown).toEqual({
      id: expect.stringMatching(/^vk_/) as string,
      name: "CI runner",
      prefix: String(key).slice(0, 8),
      owner_user_id: null,
      owner_name: null,
      enabled: true,
      expires_at: expiresAt,
      rate_limit_per_minute: 60,
      created_by: "configured",
      created_at: test.clock.now,
      last_used_at: null,
      rotated_at: null,
      previous_works_until: null,
    });
    const one = await test.send(`GET /api/v1/virtual-keys/${String(shown["id"])}`, { as: ADMIN_TOKEN });
    const list = await test.send("GET /api/v1/virtual-keys", { as: ADMIN_TOKEN });
    const audit = await test.send("GET /api/v1/audit", { as: ADMIN_TOKEN });
    expect(one.json).toEqual(shown);
    expect(list.json["items"]).toEqual([shown]);
    expect(one.text + list.text + audit.text + JSON.stringify(test.log)).not.toContain(String(key).slice(8));
  });

  it("A10: that is unknown, disabled, expired or revoked is nobody", async () => {
    const { send, owner, stranger, clock } = await createScene();
    const path = `/api/v1/virtual-keys/${owner.id}`;
    const whoAmI = async (): Promise<string> => outcomeOf(await send("GET /api/v1/me", { as: owner.key }));
    expect(await whoAmI()).toBe("200");
    const disabled = await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { enabled: false } });
    expect(disabled.json["enabled"]).toBe(false);
    expect(await whoAmI()).toBe("401 unauthenticated");
    const body = { enabled: true, expires_at: clock.now + 10, name: "renamed" };
    expect((await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body })).json).toMatchObject(body);
    expect(await whoAmI()).toBe("200");
    clock.now += 10;
    expect(await whoAmI()).toBe("401 unauthenticated");
    expect((await send(`DELETE ${path}`, { as: ADMIN_TOKEN })).status).toBe(204);
    expect(outcomeOf(await send(`GET ${path}`, { as: ADMIN_TOKEN }))).toBe("404 virtual_key_not_found");
    expect(outcomeOf(await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: {} }))).toBe("404 virtual_key_not_found");
    const list = await send("GET /api/v1/virtual-keys", { as: ADMIN_TOKEN });
    expect(list.json["items"]).toMatchObject([{ id: stranger.id }]);
  });

  it("keeps its name when the new one could be read as another, or its end lies in the past", async () => {
    const { send, owner } = await createScene();
    const path = `/api/v1/virtual-keys/${owner.id}`;
    for (const body of [{ name: "evil\u202e" }, { name: " owner" }, { name: "" }, { expires_at: 1 }, { key: "kw_x" }]) {
      expect(outcomeOf(await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body }))).toBe("400 invalid_request");
    }
    expect((await send(`GET ${path}`, { as: ADMIN_TOKEN })).json).toMatchObject({ name: "owner", expires_at: null });
  });

  it("is not made from a request that says too little, too much or nonsense", async () => {
    const test = await createTestApp();
    const requests: [what: string, body: unknown][] = [
      ["an empty name", { name: "" }],
      ["a name of 81 characters", { name: "n".repeat(81) }],
      ["a name with a direction override", { name: "evil\u202e" }],
      ["a name with outer white space", { name: " n" }],
      ["no name", {}],
      ["an end in the past", { name: "n", expires_at: 1 }],
      ["an end that is no time", { name: "n", expires_at: "tomorrow" }],
      ["a limit of none a minute", { name: "n", rate_limit_per_minute: 0 }],
      ["an owner that is no text", { name: "n", owner_user_id: 7 }],
      ["a key of the caller's own", { name: "n", key: "kw_mine" }],
    ];
    for (const [what, body] of requests) {
      const answer = await test.send("POST /api/v1/virtual-keys", { as: ADMIN_TOKEN, body });
      expect(outcomeOf(answer), what).toBe("400 invalid_request");
    }
    expect((await test.send("GET /api/v1/virtual-keys", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
  });
});
