import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { isDry, useAdmin } from "./admin-visits.ts";
import { chromiumPath } from "./chromium.ts";
import { expectShown } from "./dashboard-visits.ts";
import { ok, refused } from "./stub-dashboard.ts";

const PATCH = "PATCH /api/v1/servers/srv_tracker";
const PUT_GRANTS = "PUT /api/v1/servers/srv_tracker/grants";

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true });
const dialog = (page: Page) => page.getByRole("dialog");

describe.skipIf(chromiumPath === null)("servers in the dashboard", () => {
  const visit = useAdmin();

  describe("before an edit is saved that affects people", () => {
    it("says how many are asked for a new value, and changes nothing until that is confirmed", async () => {
      const { page, gateway, sent, world } = await visit();
      await page.goto(`${gateway.origin}/servers/srv_tracker?tab=fields`);
      await button(page, "Add a field").click();
      await page.getByLabel("Header name").fill("X-Workspace");
      await button(page, "Save").click();
      await expectShown(page.getByText("3 people will be asked for a new value."));
      expect(sent(PATCH).map(isDry)).toEqual([true]);

      await dialog(page).getByRole("button", { name: "Cancel" }).click();
      await expect.poll(() => dialog(page).count()).toBe(0);
      await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Save");
      expect(world.servers.find(({ id }) => id === "srv_tracker")?.header_schema).toHaveLength(2);

      await button(page, "Save").click();
      await dialog(page).getByRole("button", { name: "Save" }).click();
      await expectShown(page.getByText("The header fields are saved."));
      expect(sent(PATCH).map(isDry)).toEqual([true, true, false]);
      expect(sent(PATCH).at(-1)?.body).toEqual(sent(PATCH)[0]?.body);
    });

    it("says how many lose access with a grant", async () => {
      const { page, gateway, sent } = await visit();
      await page.goto(`${gateway.origin}/servers/srv_tracker?tab=access`);
      await button(page, "Remove Engineering").click();
      await button(page, "Save").click();
      await expectShown(page.getByText(/^3 people lose access\./));
      await dialog(page).getByRole("button", { name: "Save" }).click();
      await expectShown(page.getByText("Access is saved."));
      expect(sent(PUT_GRANTS).at(-1)?.body).toEqual({
        grants: [
          { auth_mode: "virtual_key", identity: "vk_ci", tools: ["list_issues", "search"] },
          { auth_mode: "session", identity: expect.stringMatching(/^9f2c/), tools: null },
        ],
      });
    });

    it("saves without a question what affects nobody", async () => {
      const { page, gateway, sent, world } = await visit();
      await page.goto(`${gateway.origin}/servers/srv_tracker?tab=fields`);
      await page.getByRole("button", { name: /^API key/ }).click();
      await page.getByLabel("Label").fill("Personal key");
      await button(page, "Save").click();
      await expectShown(page.getByText("The header fields are saved."));
      expect(await dialog(page).count()).toBe(0);
      expect(sent(PATCH).map(isDry)).toEqual([true, false]);
      expect(world.servers.find(({ id }) => id === "srv_tracker")?.header_schema[0]?.label).toBe("Personal key");
    });

    it("changes nothing when it cannot find out whom it affects", async () => {
      const { page, gateway, sent } = await visit();
      gateway.api.set(PATCH, refused(503, "credential_store_unavailable", "The credential store is not available."));
      await page.goto(`${gateway.origin}/servers/srv_tracker?tab=fields`);
      await page.getByRole("button", { name: /^API key/ }).click();
      await page.getByLabel("Label").fill("Personal key");
      await button(page, "Save").click();
      await expectShown(page.getByText("The credential store is not available.").first());
      expect(sent(PATCH).every(isDry)).toBe(true);
      await expectShown(page.getByText("Not saved yet"));
    });

    it("takes an answer that is no preview for what it is, and says so", async () => {
      const { page, gateway, world } = await visit();
      gateway.api.set(PATCH, ok(world.servers.find(({ id }) => id === "srv_tracker")));
      await page.goto(`${gateway.origin}/servers/srv_tracker?tab=tools`);
      await page.getByLabel("Only chosen tools").check();
      await page.getByLabel("whoami").uncheck();
      await button(page, "Save").click();
      await expectShown(page.getByText("Something went wrong on this page."));
    });

    it("counts who loses what before a server is deleted", async () => {
      const { page, gateway, world } = await visit();
      await page.goto(`${gateway.origin}/servers/srv_tracker`);
      await page.getByRole("button", { name: "More actions for tracker" }).click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
      await expectShown(page.getByText(/^5 people lose what they have stored\./));
      expect(world.servers.some(({ id }) => id === "srv_tracker")).toBe(true);
      await dialog(page).getByRole("button", { name: "Delete" }).click();
      await page.getByRole("heading", { name: "Servers", level: 1 }).waitFor();
      expect(world.servers.some(({ id }) => id === "srv_tracker")).toBe(false);
      await expect.poll(() => page.getByText("mcp.tracker.example.com").count()).toBe(0);
    });
  });

  it("asks before unsaved changes are left", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_tracker?tab=fields`);
    await page.getByRole("button", { name: "Remove Region" }).click();
    await page.getByRole("tab", { name: "Tools" }).click();
    await expectShown(page.getByText("Leave without saving?"));
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await dialog(page).waitFor({ state: "detached" });
    await expectShown(page.getByText("Not saved yet", { exact: true }));
    await page.getByRole("tab", { name: "Tools" }).click();
    await dialog(page).getByRole("button", { name: "Leave" }).click();
    await expectShown(page.getByText("Also those that the server will add later."));
  });

  it("shows the form of people beside its declaration, as it changes", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_tracker?tab=fields`);
    const preview = page.getByRole("region", { name: "Preview of the connect page" });
    await expectShown(preview.getByLabel("API key", { exact: true }));
    await page.getByRole("button", { name: /^API key/ }).click();
    await page.getByRole("textbox", { name: "Label" }).fill("Personal key");
    await expectShown(preview.getByLabel("Personal key", { exact: true }));
    await button(page, "Move Region up").click();
    await expect
      .poll(() => preview.locator("label").allTextContents())
      .toEqual([expect.stringContaining("Region"), expect.stringContaining("Personal key")]);
    await expectShown(page.getByText("Region is now field 1 of 2."));
  });

  it("warns that a new address is another place, and asks for its static headers again", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_search?tab=settings`);
    await page.getByLabel("Address", { exact: true }).fill("https://search.example.com/v2/mcp");
    expect(await page.getByText("This is another place").count()).toBe(0);
    await page.getByLabel("Address", { exact: true }).fill("https://elsewhere.example.com/mcp");
    await expectShown(page.getByText("This is another place"));
    await button(page, "Save").first().click();
    await expectShown(page.getByText("Enter its value.").first());
    expect(sent("PATCH /api/v1/servers/srv_search")).toEqual([]);
    await page.getByLabel("Value 1", { exact: true }).fill("team-1");
    await page.getByLabel("Value 2", { exact: true }).fill("space-2");
    await button(page, "Save").first().click();
    await expectShown(page.getByText("The server is saved."));
    expect(sent("PATCH /api/v1/servers/srv_search").at(-1)?.body).toEqual({
      url: "https://elsewhere.example.com/mcp",
      static_headers: { "x-team-key": "team-1", "x-workspace": "space-2" },
    });
  });

  it("A18: shows names and descriptions of tools as text that can neither run, hide nor reorder anything", async () => {
    const { page, gateway, world } = await visit();
    const found = world.servers.find(({ id }) => id === "srv_billing")?.discovered;
    found?.tools.push({
      name: "a\u202Egpj.exe",
      description: "<img src=x onerror=alert(1)>\u0000 a\u0300\u0301\u0302\u0303",
    });
    await page.goto(`${gateway.origin}/servers/srv_billing?tab=tools`);
    await expectShown(page.getByText("agpj.exe"));
    await expectShown(page.getByText("<img src=x onerror=alert(1)>"));
    expect(await page.locator("#main img").count()).toBe(0);
    expect(await page.locator("#main").textContent()).not.toMatch(/[\u0000\u202E]/u);
  });

  it("allows chosen tools only, and those that are gone stay in sight", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_billing?tab=tools`);
    await page.getByLabel("Search tools").fill("issue");
    await page.getByLabel("close_issue", { exact: true }).check();
    await page.getByLabel("Search tools").fill("renamed");
    await page.getByLabel("renamed_away").uncheck();
    await button(page, "Save").click();
    await expectShown(page.getByText("The tools are saved."));
    expect(sent("PATCH /api/v1/servers/srv_billing").at(-1)?.body).toEqual({
      tools: ["create_issue", "list_issues", "search", "whoami", "close_issue"],
    });
  });

  it("gives a group, a person and a key access, some with chosen tools only", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_warehouse?tab=access`);
    await button(page, "Give access").click();
    await dialog(page).getByLabel("Finance").check();
    await dialog(page).getByText("People", { exact: true }).click();
    await dialog(page).getByLabel("Search people").fill("bob");
    await dialog(page).getByLabel("Bob Fisher").check();
    await expect.poll(() => dialog(page).getByLabel("Cyd Ng").count()).toBe(0);
    await dialog(page).getByText("Virtual keys", { exact: true }).click();
    expect(await dialog(page).getByLabel("Search virtual keys").inputValue()).toBe("");
    await dialog(page).getByLabel("Nightly agent").check();
    expect(await dialog(page).getByLabel("Ada's laptop").isDisabled()).toBe(true);
    await dialog(page).getByRole("button", { name: "Add 3" }).click();
    await button(page, "Tools for Finance: All tools").click();
    await dialog(page).getByLabel("Only chosen tools").check();
    await dialog(page)
      .getByLabel(/of 41 allowed/)
      .uncheck();
    await dialog(page).getByLabel("whoami", { exact: true }).check();
    await dialog(page).getByRole("button", { name: "Apply" }).click();
    await button(page, "Save").click();
    await expectShown(page.getByText("Access is saved."));
    expect(sent("PUT /api/v1/servers/srv_warehouse/grants").at(-1)?.body).toEqual({
      grants: [
        { auth_mode: "user", identity: "usr_eve", tools: null },
        { group: "grp_fin", tools: ["whoami"] },
        { auth_mode: "user", identity: "usr_bob", tools: null },
        { auth_mode: "virtual_key", identity: "vk_ci", tools: null },
      ],
    });
  });

  it("verifies again with sample values that go to that one request and stay nowhere", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/srv_tracker`);
    await button(page, "Verify again").click();
    await button(page, "Verify").click();
    await expectShown(page.getByText("This value is needed."));
    await page.getByLabel("API key", { exact: true }).fill("a-sample-value");
    await button(page, "Verify").click();
    await expectShown(page.getByText("A wrong value is refused. So the right one made the difference."));
    expect(sent("POST /api/v1/servers/srv_tracker/verify").map(({ body }) => body)).toEqual([
      { sample_headers: { "X-API-Key": "a-sample-value" } },
    ]);
    const others = gateway.requests.filter(({ call }) => !call.endsWith("/verify"));
    expect(JSON.stringify(others)).not.toContain("a-sample-value");
    expect(
      await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])"),
    ).not.toContain("a-sample-value");
  });
});
