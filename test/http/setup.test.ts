import { expect, it } from "vitest";
import { createTestApp, outcomeOf, type TestApp } from "./test-app.ts";

async function offer(test: TestApp): Promise<string> {
  return (await test.admins.offerSetup())?.reveal() ?? "";
}

it("A48: the setup token makes one administrator, once", async () => {
  const test = await createTestApp();
  const setupToken = await offer(test);
  const done = await test.send("POST /api/v1/setup", { body: { setup_token: setupToken, name: "Ada" } });
  expect(done.status).toBe(201);
  expect(done.json).toEqual({
    id: expect.stringMatching(/^adm_/) as string,
    name: "Ada",
    admin_token: expect.stringMatching(/^kwa_/) as string,
  });
  const me = await test.send("GET /api/v1/me", { as: String(done.json["admin_token"]) });
  expect(me.json["admin"]).toEqual({ id: done.json["id"], name: "Ada" });
  const again = await test.send("POST /api/v1/setup", { body: { setup_token: setupToken } });
  expect(outcomeOf(again)).toBe("409 setup_done");
  expect(await test.admins.offerSetup()).toBeNull();
});

it("A48: fifty at once with one setup token make one administrator", async () => {
  const test = await createTestApp();
  const body = { setup_token: await offer(test) };
  const answers = await Promise.all(Array.from({ length: 50 }, () => test.send("POST /api/v1/setup", { body })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter((answer) => outcomeOf(answer) === "409 setup_done")).toHaveLength(49);
});

it("A48: there is no default: nothing guessable is an administrator, before setup or after", async () => {
  const test = await createTestApp();
  const tokens = ["admin", "password", "keyward", "changeme", "null", "undefined", "KEYWARD_ADMIN_TOKEN", "kwa_"];
  for (const as of tokens) {
    expect(outcomeOf(await test.send("GET /api/v1/servers", { as }))).toBe("401 unauthenticated");
  }
  for (const setupToken of ["", "kws_", "admin", await offer(test).then((token) => `${token}x`)]) {
    const answer = await test.send("POST /api/v1/setup", { body: { setup_token: setupToken } });
    expect(outcomeOf(answer)).toBe("401 unauthenticated");
  }
});

it("a later offer takes the place of an earlier one", async () => {
  const test = await createTestApp();
  const [first, second] = [await offer(test), await offer(test)];
  expect(outcomeOf(await test.send("POST /api/v1/setup", { body: { setup_token: first } }))).toBe("409 setup_done");
  expect(outcomeOf(await test.send("POST /api/v1/setup", { body: { setup_token: second } }))).toBe("201");
});
