import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { ADA, BOB, KEYS, me, NEW_KEY, NOW, SERVERS, SESSIONS } from "./dashboard-data.ts";
import { expectShown, useDashboard } from "./dashboard-visits.ts";
import { ok, refused, type StubDashboard } from "./stub-dashboard.ts";

const bodiesOf = (gateway: StubDashboard, call: string): unknown[] =>
  gateway.requests.filter((request) => request.call === call).map(({ body }) => body);

describe.skipIf(chromiumPath === null)("the pages of one's own", () => {
  const visit = useDashboard();

  describe("My connections", () => {
    it("puts first what does not work, and says when and from where values were set", async () => {
      const { page, gateway } = await visit();
      await page.clock.setFixedTime(NOW);
      await page.goto(gateway.origin);
      await page.getByRole("heading", { name: "Needs your attention" }).waitFor();
      const names = await page.getByRole("listitem").getByRole("heading").allTextContents();
      expect(names).toEqual(["tracker", "warehouse_with_a_long_name_of_32", "billing", "search", "weather"]);
      const row = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "billing" }) });
      expect(await row.textContent()).toContain("Set 2 minutes ago from Firefox on Linux, 203.0.113.9");
    });

    it.each([
      ["Connect search", "POST /api/v1/servers/srv_4/flow"],
      ["Edit billing", "POST /api/v1/credentials/cred_1/flow"],
      ["Enter new values for tracker", "POST /api/v1/credentials/cred_2/flow"],
    ])("%s leads to the page that takes values", async (button, call) => {
      const { page, gateway } = await visit();
      gateway.api.set(call, ok({ flow_id: "flow_1", url: `${gateway.origin}/connect/flow_1`, expires_at: NOW }, 201));
      await page.goto(gateway.origin);
      await page.getByRole("button", { name: button }).click();
      await page.waitForURL(`${gateway.origin}/connect/flow_1`);
      expect(gateway.requests.find((request) => request.call === call)?.csrf).toBe("csrf-of-the-test");
    });

    it("tests what is stored, says what the server made of it, and shows the new state", async () => {
      const { page, gateway } = await visit();
      gateway.api.set("POST /api/v1/credentials/cred_1/test", () => {
        gateway.api.set("GET /api/v1/me", me(ADA, [{ ...SERVERS[0], connection: "rejected" }]));
        return ok({ outcome: "rejected", verification: null, step: "control", code: "upstream_rejected" });
      });
      await page.goto(gateway.origin);
      await page.getByRole("button", { name: "Test billing" }).click();
      await page.getByRole("status").getByText("billing refuses your values.").waitFor();
      await expectShown(page.getByRole("button", { name: "Enter new values for billing" }));
    });

    it("revokes after saying what will happen, and not before", async () => {
      const { page, gateway } = await visit();
      await page.goto(gateway.origin);
      await page.getByRole("button", { name: "More for billing" }).click();
      await page.getByRole("menuitem", { name: "Revoke" }).click();
      const dialog = page.getByRole("dialog", { name: "Revoke your connection to billing?" });
      expect(await dialog.textContent()).toContain("deletes your stored values at once");
      expect(bodiesOf(gateway, "DELETE /api/v1/credentials/cred_1")).toEqual([]);
      await dialog.getByRole("button", { name: "Revoke" }).click();
      await page.getByText("Your values for billing are deleted.").waitFor();
      expect(await dialog.count()).toBe(0);
    });

    it("keeps the question open when revoking failed, and says why", async () => {
      const { page, gateway } = await visit();
      gateway.api.set("DELETE /api/v1/credentials/cred_1", refused(503, "credential_store_unavailable", "Not now."));
      await page.goto(gateway.origin);
      await page.getByRole("button", { name: "More for billing" }).click();
      await page.getByRole("menuitem", { name: "Revoke" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await expectShown(page.getByRole("dialog").getByRole("alert").getByText("Not now."));
    });

    it("is read again when it failed, and when one comes back to it", async () => {
      const { page, gateway } = await visit();
      gateway.api.set("GET /api/v1/me", refused(400, "invalid_request", "Broken."));
      await page.goto(gateway.origin);
      await page.getByRole("heading", { name: "This could not be loaded" }).waitFor();
      gateway.api.set("GET /api/v1/me", me(ADA));
      await page.getByRole("button", { name: "Try again" }).click();
      await expectShown(page.getByRole("heading", { name: "tracker" }));
    });

    it("A18: shows hostile names as text", async () => {
      const { page, gateway } = await visit();
      const name = `<img src=x onerror="document.title='owned'">`;
      gateway.api.set(
        "GET /api/v1/me",
        me({ ...ADA, name }, [{ ...SERVERS[0], name, url_origin: "javascript:alert(1)" }]),
      );
      await page.goto(gateway.origin);
      await page.getByRole("heading", { name }).waitFor();
      expect(await page.title()).toBe("My connections - Keyward");
      expect(await page.locator("a[href^='javascript:']").count()).toBe(0);
    });
  });

  describe("Virtual keys", () => {
    it("shows a new key once, keeps it open until it is closed on purpose, and nowhere else", async () => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/keys`);
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByLabel("Name").fill("  Laptop ");
      await page.getByLabel("Expires").selectOption("never");
      await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
      const shown = page.getByRole("dialog", { name: "Your key is created" });
      await shown.getByText(NEW_KEY).waitFor();
      await page.keyboard.press("Escape");
      await page.mouse.click(4, 4);
      expect(await shown.getByText(NEW_KEY).count()).toBe(1);
      expect(
        await page.evaluate("JSON.stringify([localStorage, sessionStorage, history.state, location.href])"),
      ).not.toContain(NEW_KEY);
      await shown.getByRole("button", { name: "I have copied it" }).click();
      expect(await page.getByText(NEW_KEY).count()).toBe(0);
      expect(bodiesOf(gateway, "POST /api/v1/virtual-keys")).toEqual([
        { name: "Laptop", expires_at: null, rate_limit_per_minute: null, owner_user_id: ADA.id },
      ]);
    });

    it("copies the key", async () => {
      const { page, gateway, context } = await visit();
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.goto(`${gateway.origin}/keys`);
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByLabel("Name").fill("Laptop");
      await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
      await page.getByRole("button", { name: "Copy the key" }).click();
      await expectShown(page.getByRole("status").getByText("Copied"));
    });

    it("lets an administrator say whom a key acts as, and a user only themselves", async () => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/keys`);
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByLabel("Name").fill("Agent");
      await page.getByLabel("Acts as").selectOption("other");
      await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
      await page.getByText("Choose a person.").waitFor();
      await page.getByLabel("Bob Fisher, bob@example.com").check();
      await page.getByLabel("Calls per minute").fill("60");
      await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
      await page.getByText(NEW_KEY).waitFor();
      expect(bodiesOf(gateway, "POST /api/v1/virtual-keys")).toMatchObject([
        { name: "Agent", owner_user_id: BOB.id, rate_limit_per_minute: 60 },
      ]);

      gateway.api.set("GET /api/v1/me", me(BOB));
      await page.reload();
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByLabel("Name").waitFor();
      expect(await page.getByLabel("Acts as").count()).toBe(0);
      expect(await page.getByLabel("Everyone's").count()).toBe(0);
    });

    it("asks an administrator's page for their own keys, and for everyone's when told to", async () => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/keys`);
      await page.getByText("Old laptop").waitFor();
      await page.getByLabel("Everyone's").check({ force: true });
      await page.getByRole("columnheader", { name: "Acts as" }).waitFor();
      await page.getByLabel("Search keys").fill("lap");
      await expect.poll(() => gateway.requests.at(-1)?.query.toString()).toBe("limit=100&q=lap");
      const owners = gateway.requests
        .filter(({ call }) => call === "GET /api/v1/virtual-keys")
        .map(({ query }) => query.get("owner"));
      expect(owners).toEqual([ADA.id, null, null]);
    });

    it.each([
      ["Rotate", "Rotate", "POST /api/v1/virtual-keys/vk_1/rotate", { overlap_seconds: 86_400 }],
      ["Disable", "Disable", "PATCH /api/v1/virtual-keys/vk_1", { enabled: false }],
      ["Revoke", "Revoke", "DELETE /api/v1/virtual-keys/vk_1", null],
    ])("%s: asks first, then does it", async (item, button, call, body) => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/keys`);
      await page.getByRole("button", { name: "Actions for Laptop" }).click();
      await page.getByRole("menuitem", { name: item }).click();
      await page.getByRole("dialog").waitFor();
      expect(bodiesOf(gateway, call)).toEqual([]);
      await page.getByRole("dialog").getByRole("button", { name: button, exact: true }).click();
      await expect.poll(() => bodiesOf(gateway, call)).toEqual([body]);
      if (item === "Rotate")
        await page.getByRole("dialog", { name: "Your key is rotated" }).getByText(NEW_KEY).waitFor();
    });

    it("sends of an edited key only what was changed", async () => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/keys`);
      await page.getByRole("button", { name: "Actions for Laptop" }).click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
      await page.getByLabel("Calls per minute").fill("0");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Enter a whole number from 1 to 1,000,000").waitFor();
      await page.getByLabel("Calls per minute").fill("120");
      await page.getByLabel("Name").fill("Desk");
      await page.getByRole("button", { name: "Save" }).click();
      await expect.poll(() => bodiesOf(gateway, "PATCH /api/v1/virtual-keys/vk_1")).toEqual([{ name: "Desk" }]);
    });

    it("reads a long list page by page and keeps few of its rows in the document", async () => {
      const { page, gateway } = await visit();
      const total = 1000;
      gateway.api.set("GET /api/v1/virtual-keys", ({ query }) => {
        const start = Number(query.get("cursor") ?? 0);
        const items = Array.from({ length: 100 }, (_, n) => ({
          ...KEYS[0],
          id: `vk_${start + n}`,
          name: `Key ${start + n}`,
        }));
        return ok({ items, next_cursor: start + 100 < total ? String(start + 100) : null });
      });
      await page.goto(`${gateway.origin}/keys`);
      await page.getByText("Key 0", { exact: true }).waitFor();
      await expect
        .poll(
          async () => {
            await page.evaluate("scrollTo(0, document.body.scrollHeight)");
            return page.getByText("Key 999", { exact: true }).count();
          },
          { timeout: 20_000 },
        )
        .toBe(1);
      expect(await page.getByRole("row").count()).toBeLessThan(80);
      expect(await page.getByRole("row").last().getAttribute("aria-rowindex")).toBe("1001");
    });
  });

  it("Connected apps: revokes after a question", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/apps`);
    await page.getByRole("button", { name: "Revoke Claude Code" }).click();
    await page.getByRole("dialog").getByText("Its next call is refused").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Claude Code has no access any more.").waitFor();
    expect(bodiesOf(gateway, "DELETE /api/v1/apps/app_1")).toEqual([null]);
  });

  it("Connect a client: makes snippets for all servers or one, by browser or key", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/connect-a-client`);
    const code = page.getByRole("tabpanel").locator("pre");
    expect(await code.textContent()).toBe(
      "claude mcp add --scope user --transport http keyward https://keys.example.com/mcp",
    );
    await page.getByLabel("Servers").selectOption("billing");
    await page.getByLabel("Virtual key", { exact: true }).check({ force: true });
    expect(await code.textContent()).toBe(
      `claude mcp add --scope user --transport http billing https://keys.example.com/mcp/billing \\\n  --header "Authorization: Bearer kw_YOUR_KEY"`,
    );
  });

  describe("Account", () => {
    it("changes the name, and the page knows it at once", async () => {
      const { page, gateway } = await visit();
      gateway.api.set("PATCH /api/v1/me", () => {
        gateway.api.set("GET /api/v1/me", me({ ...ADA, name: "Ada King" }));
        return me({ ...ADA, name: "Ada King" });
      });
      await page.goto(`${gateway.origin}/account`);
      await page.getByLabel("Name", { exact: true }).fill("Ada King");
      await page.getByRole("button", { name: "Save name" }).click();
      await page.getByRole("button", { name: "Account: Ada King" }).waitFor();
      expect(bodiesOf(gateway, "PATCH /api/v1/me")).toEqual([{ name: "Ada King" }]);
    });

    it("changes the password, and empties the form", async () => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/account`);
      await page.getByLabel("Current password").fill("the one before");
      await page.getByLabel("New password").fill("short");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText("Use 12 characters or more.").waitFor();
      await page.getByLabel("New password").fill("correct horse battery");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByText("Your password is changed.").waitFor();
      expect(await page.getByLabel("Current password").inputValue()).toBe("");
      expect(bodiesOf(gateway, "PATCH /api/v1/me")).toEqual([
        { password: { current: "the one before", new: "correct horse battery" } },
      ]);
    });

    it("ends another session, and offers that for no other than those", async () => {
      const { page, gateway } = await visit();
      gateway.api.set("DELETE /api/v1/sessions/ses_2", () => {
        gateway.api.set("GET /api/v1/sessions", ok({ items: SESSIONS.filter(({ id }) => id !== "ses_2") }));
        return { status: 204 };
      });
      await page.goto(`${gateway.origin}/account`);
      await page.getByRole("button", { name: "End the session in Safari on iOS" }).click();
      await expect.poll(() => page.getByText("Safari on iOS").count()).toBe(0);
      expect(await page.getByRole("button", { name: "End the session in Firefox on Linux" }).count()).toBe(0);
    });

    it("keeps the theme in this browser, and has it before anything is shown", async () => {
      const { page, gateway } = await visit({ colorScheme: "light" });
      await page.goto(`${gateway.origin}/account`);
      await page.getByLabel("Dark").check({ force: true });
      const ground = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
      expect(await ground()).toBe("rgb(9, 9, 11)");
      // The document as it is before a module of the page has run.
      await page.route("**/assets/dashboard/index-*.js", (route) => route.abort());
      await page.goto(`${gateway.origin}/keys`, { waitUntil: "domcontentloaded" });
      expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
      expect(await ground()).toBe("rgb(9, 9, 11)");
    });
  });
});
