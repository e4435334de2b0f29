import { describe, expect, it } from "vitest";
import { ADMIN_TOKEN, createTestApp, outcomeOf } from "./test-app.ts";

const PATH = "/api/v1/admin-tokens";

describe("an admin token", () => {
  it("is shown once, administers until it is revoked, and then is nobody", async () => {
    const test = await createTestApp();
    const { send } = test;
    const made = await send(`POST ${PATH}`, { as: ADMIN_TOKEN, body: { name: "terraform" } });
    const { token, ...shown } = made.json;
    expect([made.status, token]).toEqual([201, expect.stringMatching(/^kwa_[\w-]{49}$/)]);
    expect(shown).toEqual({
      id: expect.stringMatching(/^adm_/) as string,
      name: "terraform",
      created_at: test.clock.now,
    });
    const as = String(token);
    const list = await send(`GET ${PATH}`, { as });
    expect(list.json).toEqual({ items: [shown], next_cursor: null });
    const audit = await send("GET /api/v1/audit", { as });
    expect(list.text + audit.text + JSON.stringify(test.log)).not.toContain(as.slice(8));
    expect((await send(`DELETE ${PATH}/${String(shown["id"])}`, { as })).status).toBe(204);
    expect(outcomeOf(await send(`GET ${PATH}`, { as }))).toBe("401 unauthenticated");
    expect(outcomeOf(await send(`DELETE ${PATH}/${String(shown["id"])}`, { as: ADMIN_TOKEN }))).toBe(
      "404 admin_token_not_found",
    );
    const actions = await send("GET /api/v1/audit", { as: ADMIN_TOKEN });
    expect(actions.json["items"]).toMatchObject([{ action: "admin_token.revoked" }, { action: "admin_token.created" }]);
  });

  it("of the configuration is not listed and cannot be revoked here", async () => {
    const { send } = await createTestApp();
    expect((await send(`GET ${PATH}`, { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
    expect(outcomeOf(await send(`DELETE ${PATH}/configured`, { as: ADMIN_TOKEN }))).toBe("404 admin_token_not_found");
  });

  it("is not made of a name that could be read as another", async () => {
    const { send } = await createTestApp();
    for (const name of ["", " a", "evil\u202e", "n".repeat(81)]) {
      expect(outcomeOf(await send(`POST ${PATH}`, { as: ADMIN_TOKEN, body: { name } })), name).toBe(
        "400 invalid_request",
      );
    }
  });
});
