import { describe, expect, it } from "vitest";
import { ADA } from "./admin-world.ts";
import { isDry, useAdmin } from "./admin-visits.ts";
import { chromiumPath } from "./chromium.ts";
import { expectShown } from "./dashboard-visits.ts";
import { ok } from "./stub-dashboard.ts";

const LINK = /https:\/\/keyward\.example\.com\/invite#t=kwi_i+/;

describe.skipIf(chromiumPath === null)("people and groups", () => {
  const visit = useAdmin();

  it("are invited by a link that is shown once", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/people`);
    await page.getByRole("button", { name: "Invite a person" }).click();
    await page.getByRole("button", { name: "Create invitation" }).click();
    await expectShown(page.getByText("Enter a name."));
    await expectShown(page.getByText("Enter an e-mail address."));
    await page.getByLabel("Name").fill("Ivy Park");
    await page.getByLabel("E-mail address").fill("ivy@example.com");
    await page.getByRole("button", { name: "Add to groups" }).click();
    await page.getByLabel("Finance").check();
    await page.getByRole("button", { name: "Add 1" }).click();
    await page.getByRole("button", { name: "Create invitation" }).click();
    await expectShown(page.getByText(LINK));
    await expectShown(page.getByText("It works once, until 4 Dec 2026."));
    expect(sent("POST /api/v1/users").map(({ body }) => body)).toEqual([
      { name: "Ivy Park", email: "ivy@example.com", role: "user", group_ids: ["grp_fin"] },
    ]);

    await page.keyboard.press("Escape");
    await expectShown(page.getByText(LINK));
    await page.getByRole("button", { name: "I have copied it" }).click();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Invite a person");
    expect(await page.content()).not.toMatch(LINK);
    await expectShown(page.getByText("ivy@example.com"));
  });

  it("are filtered by name, role and state, by the API", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/people`);
    await page.getByLabel("Role").selectOption("Administrators");
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await page.getByLabel("Search people").fill("gus");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    expect(Object.fromEntries(sent("GET /api/v1/users").at(-1)?.query ?? [])).toEqual({ q: "gus", role: "admin" });
    await page.getByLabel("Search people").fill("");
    await page.getByLabel("Role").selectOption("All roles");
    await page.getByLabel("Status").selectOption("Disabled");
    await expectShown(page.getByRole("link", { name: "Dee Okafor" }));
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
  });

  it("are disabled after a question that says what happens", async () => {
    const { page, gateway, sent, world } = await visit();
    await page.goto(`${gateway.origin}/people?user=usr_bob`);
    await page.getByRole("button", { name: "Disable" }).click();
    await expectShown(page.getByText(/^1 person loses access\./));
    await expectShown(page.getByText("They are signed out everywhere at once"));
    await page.getByRole("dialog").last().getByRole("button", { name: "Disable" }).click();
    await expectShown(page.getByText("Bob Fisher is disabled."));
    expect(sent("PATCH /api/v1/users/usr_bob").map((request) => [isDry(request), request.body])).toEqual([
      [true, { enabled: false }],
      [false, { enabled: false }],
    ]);
    expect(world.credentials.find(({ id }) => id === "cred_2")?.status).toBe("orphaned");
    await expectShown(page.getByRole("button", { name: "Enable" }));
  });

  it("cannot disable or delete themselves here", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/people?user=${ADA.id}`);
    await expectShown(page.getByText("This is you."));
    expect(await page.getByRole("button", { name: "Disable" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
  });

  it("are told apart from the last administrator by the API, and the dialog says so", async () => {
    const { page, gateway, world } = await visit();
    for (const user of world.users) if (user.id !== "usr_gus") user.role = "user";
    await page.goto(`${gateway.origin}/people?user=usr_gus`);
    await page.getByRole("button", { name: "Delete" }).click();
    await expectShown(page.getByText("Somebody has to remain who may administer Keyward."));
  });

  it("leave a group after a question, when that takes access away", async () => {
    const { page, gateway, sent, world } = await visit();
    await page.goto(`${gateway.origin}/people/groups`);
    await page.getByRole("link", { name: "Engineering" }).click();
    await page.getByRole("button", { name: "Remove Fay Lindqvist" }).click();
    await expectShown(page.getByText("This affects 1 person"));
    expect(world.groups[0]?.members).toContain("usr_fay");
    await page.getByRole("dialog").last().getByRole("button", { name: "Save" }).click();
    await expectShown(page.getByText("The members are saved."));
    expect(world.groups[0]?.members).not.toContain("usr_fay");
    await expect.poll(() => page.getByRole("button", { name: "Remove Fay Lindqvist" }).count()).toBe(0);
    expect(sent("PATCH /api/v1/groups/grp_eng/members").map(isDry)).toEqual([true, false]);
  });

  it("join a group without a question, when nobody loses or gains what they have stored", async () => {
    const { page, gateway, world } = await visit();
    await page.goto(`${gateway.origin}/people/groups?group=grp_new`);
    await page.getByRole("button", { name: "Add people" }).click();
    await page.getByLabel("Search people").fill("hal");
    await page.getByLabel("Hal Ito").check();
    await page.getByRole("button", { name: "Add 1" }).click();
    await expectShown(page.getByText("The members are saved."));
    expect(world.groups.find(({ id }) => id === "grp_new")?.members).toEqual(["usr_hal"]);
    await expectShown(page.getByText("1 member"));
  });

  it("are grouped under a name that no other group has", async () => {
    const { page, gateway, world } = await visit();
    await page.goto(`${gateway.origin}/people/groups`);
    await page.getByRole("button", { name: "Create a group" }).click();
    await page.getByLabel("Name").fill("engineering");
    await page.getByRole("button", { name: "Create group" }).click();
    await expectShown(page.getByText("Another group has this name."));
    await page.getByLabel("Name").fill("Support");
    await page.getByRole("button", { name: "Create group" }).click();
    await expectShown(page.getByRole("dialog", { name: "Support" }));
    expect(world.groups.at(-1)?.name).toBe("Support");
  });

  it("who administer nothing are shown no page of administrators, and load none of their code", async () => {
    const { page, gateway } = await visit();
    const bob = { id: "usr_bob", name: "Bob Fisher", email: "bob@example.com", role: "user" };
    gateway.api.set("GET /api/v1/me", ok({ admin: null, user: bob, csrf_token: "t", identity: null, servers: [] }));
    const scripts: string[] = [];
    page.on("request", (request) => scripts.push(new URL(request.url()).pathname));
    for (const path of [
      "/servers",
      "/servers/new",
      "/servers/srv_tracker",
      "/people",
      "/people/groups",
      "/connections",
      "/audit",
      "/settings",
    ]) {
      await page.goto(gateway.origin + path);
      await expectShown(page.getByRole("heading", { name: "There is nothing here" }));
    }
    expect(await page.getByRole("link", { name: "Audit" }).count()).toBe(0);
    expect(
      scripts.filter(
        (path) => /server|people|groups|connections-page|audit|settings/.test(path) && path.endsWith(".js"),
      ),
    ).toEqual([]);
    expect(gateway.requests.filter(({ call }) => !/\/(me|sign-in-options)$/.test(call))).toEqual([]);
  });
});
