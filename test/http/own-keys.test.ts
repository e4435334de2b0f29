import { describe, expect, it } from "vitest";
import { textOf, type BrowserAnswer } from "../helpers/browser.ts";
import { join, type Person } from "./people.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf, type TestApp } from "./test-app.ts";

const KEYS = "/api/v1/virtual-keys";
const DAY_SECONDS = 86_400;

function outcome({ status, body }: BrowserAnswer): string {
  const error = body["error"] as { readonly code: string } | undefined;
  return error === undefined ? String(status) : `${status} ${error.code}`;
}

async function makeKey({ browser }: Person, changes: object = {}): Promise<{ id: string; key: string }> {
  const made = await browser.call("POST", KEYS, { name: "laptop", ...changes });
  return { id: textOf(made, "id"), key: textOf(made, "key") };
}

async function whoIs({ send }: TestApp, key: string): Promise<unknown> {
  const answer = await send("GET /api/v1/me", { as: key });
  return answer.json["identity"] ?? outcomeOf(answer);
}

describe("a key of one's own", () => {
  it("acts as its owner, and is listed to the owner and to administrators with the owner's name", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const { id, key } = await makeKey(ada);
    expect(await whoIs(test, key)).toEqual({ auth_mode: "user", id: ada.id, name: "Ada" });
    const shown = { id, owner_user_id: ada.id, owner_name: "Ada", created_by: ada.id };
    expect((await ada.browser.call("GET", KEYS)).body["items"]).toMatchObject([shown]);
    expect((await test.send(`GET ${KEYS}`, { as: ADMIN_TOKEN })).json["items"]).toMatchObject([shown]);
    expect((await ada.browser.call("GET", `${KEYS}/${id}`)).body).toMatchObject(shown);
    await ada.browser.call("PATCH", "/api/v1/me", { name: "Ada L." });
    expect((await ada.browser.call("GET", `${KEYS}/${id}`)).body).toMatchObject({ owner_name: "Ada L." });
  });

  it("A06: is nobody else's, whatever the request says", async () => {
    const test = await createTestApp();
    const [ada, bob] = [await join(test, "Ada"), await join(test, "Bob")];
    for (const owner of [bob.id, null, "usr_unknown", ""]) {
      const answer = await ada.browser.call("POST", KEYS, { name: "laptop", owner_user_id: owner });
      expect(outcome(answer), String(owner)).toBe("403 forbidden");
    }
    const own = await ada.browser.call("POST", KEYS, { name: "laptop", owner_user_id: ada.id });
    expect(own.body).toMatchObject({ owner_user_id: ada.id });
    await makeKey(bob);
    expect((await ada.browser.call("GET", `${KEYS}?owner=${bob.id}`)).body).toEqual({ items: [], next_cursor: null });
    expect((await ada.browser.call("GET", `${KEYS}?owner=${ada.id}`)).body["items"]).toHaveLength(1);
    const bobs = await test.send(`GET ${KEYS}?owner=${bob.id}`, { as: ADMIN_TOKEN });
    expect(bobs.json["items"]).toMatchObject([{ owner_name: "Bob" }]);
  });

  it("is made by an administrator for somebody who exists", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const root = await join(test, "Root", "admin");
    const forAda = await root.browser.call("POST", KEYS, { name: "build", owner_user_id: ada.id });
    expect(forAda.body).toMatchObject({ owner_name: "Ada", created_by: root.id });
    const ownerless = await root.browser.call("POST", KEYS, { name: "build" });
    expect(ownerless.body).toMatchObject({ owner_user_id: null, owner_name: null });
    const unknown = await root.browser.call("POST", KEYS, { name: "build", owner_user_id: "usr_unknown" });
    expect(outcome(unknown)).toBe("404 user_not_found");
    const found = await root.browser.call("GET", `${KEYS}?q=BUI&limit=1`);
    expect(found.body["items"]).toHaveLength(1);
    expect(found.body["next_cursor"]).not.toBeNull();
  });

  it("is rotated: both work for as long as was asked for, then only the new one", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const { id, key: old } = await makeKey(ada);
    const rotated = await ada.browser.call("POST", `${KEYS}/${id}/rotate`, {});
    const until = test.clock.now + DAY_SECONDS * 1000;
    expect(rotated.body).toMatchObject({ id, name: "laptop", rotated_at: test.clock.now, previous_works_until: until });
    const fresh = textOf(rotated, "key");
    expect(rotated.body["prefix"]).toBe(fresh.slice(0, 8));
    const identity = { auth_mode: "user", id: ada.id, name: "Ada" };
    expect([await whoIs(test, old), await whoIs(test, fresh)]).toEqual([identity, identity]);
    test.clock.now = until;
    expect([await whoIs(test, old), await whoIs(test, fresh)]).toEqual(["401 unauthenticated", identity]);
    const again = await ada.browser.call("POST", `${KEYS}/${id}/rotate`, { overlap_seconds: 0 });
    expect(again.body).toMatchObject({ previous_works_until: null });
    expect([await whoIs(test, fresh), await whoIs(test, textOf(again, "key"))]).toEqual([
      "401 unauthenticated",
      identity,
    ]);
    for (const overlap of [-1, 1.5, 30 * DAY_SECONDS + 1, "1"]) {
      const answer = await ada.browser.call("POST", `${KEYS}/${id}/rotate`, { overlap_seconds: overlap });
      expect(outcome(answer), String(overlap)).toBe("400 invalid_request");
    }
    const list = await ada.browser.call("GET", KEYS);
    expect(list.text).not.toContain(textOf(again, "key").slice(8));
  });

  it("has the limit that an administrator gave it: its owner may lower it, and neither raise nor lift it", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const { id } = await makeKey(ada, { rate_limit_per_minute: 60 });
    await test.send(`PATCH ${KEYS}/${id}`, { as: ADMIN_TOKEN, body: { rate_limit_per_minute: 30 } });
    const change = async (limit: number | null): Promise<string> =>
      outcome(await ada.browser.call("PATCH", `${KEYS}/${id}`, { rate_limit_per_minute: limit }));
    expect(await change(31)).toBe("403 forbidden");
    expect(await change(null)).toBe("403 forbidden");
    expect(await change(10)).toBe("200");
    expect((await ada.browser.call("GET", `${KEYS}/${id}`)).body).toMatchObject({ rate_limit_per_minute: 10 });
  });

  it("is renamed, disabled and revoked by its owner, at once", async () => {
    const test = await createTestApp();
    const ada = await join(test, "Ada");
    const { id, key } = await makeKey(ada);
    const path = `${KEYS}/${id}`;
    expect((await ada.browser.call("PATCH", path, { name: "desktop" })).body).toMatchObject({ name: "desktop" });
    expect((await ada.browser.call("PATCH", path, { enabled: false })).body).toMatchObject({ enabled: false });
    expect(await whoIs(test, key)).toBe("401 unauthenticated");
    await ada.browser.call("PATCH", path, { enabled: true });
    expect((await ada.browser.call("DELETE", `${path}?dry_run=true`)).body).toHaveProperty("preview");
    expect(await whoIs(test, key)).toMatchObject({ id: ada.id });
    expect((await ada.browser.call("DELETE", path)).status).toBe(204);
    expect(await whoIs(test, key)).toBe("401 unauthenticated");
    expect(outcome(await ada.browser.call("GET", path))).toBe("404 virtual_key_not_found");
  });

  it("A11: cannot make, see or change keys, not even itself", async () => {
    const test = await createTestApp();
    const { id, key } = await makeKey(await join(test, "Root", "admin"));
    const owned = await makeKey(await join(test, "Ada"));
    for (const as of [key, owned.key]) {
      for (const request of [`GET ${KEYS}`, `GET ${KEYS}/${id}`, `DELETE ${KEYS}/${id}`]) {
        expect(outcomeOf(await test.send(request, { as })), request).toBe("403 forbidden");
      }
      const body = { name: "another" };
      expect(outcomeOf(await test.send(`POST ${KEYS}`, { as, body }))).toBe("403 forbidden");
      expect(outcomeOf(await test.send(`POST ${KEYS}/${id}/rotate`, { as, body: {} }))).toBe("403 forbidden");
    }
  });
});
