import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { ADA, me, NEW_KEY, SIGNED_OUT } from "./dashboard-data.ts";
import { expectShown, useDashboard } from "./dashboard-visits.ts";
import { focusedName, tabTo } from "./keyboard.ts";

describe.skipIf(chromiumPath === null)("the dashboard by keyboard alone", () => {
  const visit = useDashboard();

  it("signs in", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    await page.goto(`${gateway.origin}/sign-in`);
    await page.getByLabel("E-mail address").waitFor();
    await tabTo(page, "E-mail address");
    await page.keyboard.type("ada@example.com");
    await tabTo(page, "Password");
    await page.keyboard.type("correct horse battery");
    await tabTo(page, "Show password");
    await page.keyboard.press("Space");
    expect(await focusedName(page)).toBe("Hide password");
    await tabTo(page, "Sign in");
    gateway.api.set("GET /api/v1/me", me(ADA));
    await page.keyboard.press("Enter");
    await expectShown(page.getByRole("heading", { name: "My connections" }));
  });

  it("skips the navigation, and goes from page to page with the focus on each one's heading", async () => {
    const { page, gateway } = await visit();
    await page.goto(gateway.origin);
    await page.getByRole("heading", { name: "My connections" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await focusedName(page)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await tabTo(page, "Enter new values for tracker");

    await tabTo(page, "Virtual keys", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Virtual keys" }).waitFor();
    await expect.poll(() => focusedName(page)).toBe("Virtual keys");
    expect(await page.evaluate("document.activeElement.tagName")).toBe("H1");
    expect(await page.title()).toBe("Virtual keys - Keyward");
    expect(await page.locator("[aria-current=page]").first().textContent()).toBe("Virtual keys");
  });

  it("opens a menu and a dialog, keeps the focus inside, and gives it back to the menu's button", async () => {
    const { page, gateway } = await visit();
    await page.goto(gateway.origin);
    await page.getByRole("button", { name: "More for billing" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => focusedName(page)).toBe("Revoke");
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedName(page)).toBe("More for billing");

    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Revoke" }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => focusedName(page)).toBe("Cancel");
    const order: string[] = [];
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press("Tab");
      order.push(await focusedName(page));
    }
    expect(order).toEqual(["Revoke", "Close", "Cancel", "Revoke"]);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => focusedName(page)).toBe("More for billing");
  });

  it("creates a key", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/keys`);
    await page.getByText("Old laptop").waitFor();
    await tabTo(page, "Create key");
    await page.keyboard.press("Enter");
    await expect.poll(() => focusedName(page)).toBe("Name");
    await page.keyboard.press("Enter");
    await page.getByText("Enter a name.").waitFor();
    expect(await focusedName(page)).toBe("Name");
    await page.keyboard.type("Laptop");
    await tabTo(page, "Expires");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "Create key");
    await page.keyboard.press("Enter");
    await page.getByText(NEW_KEY).waitFor();
    await tabTo(page, "I have copied it");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => focusedName(page)).toBe("Create key");
    expect(gateway.requests.find(({ call }) => call === "POST /api/v1/virtual-keys")?.body).toMatchObject({
      name: "Laptop",
    });
  });

  it("chooses between a few with the arrow keys", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/connect-a-client`);
    await page.getByRole("tab", { name: "Claude Code" }).waitFor();
    await tabTo(page, "Claude Code");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => focusedName(page)).toBe("Claude Desktop");
    await expectShown(page.getByRole("tabpanel", { name: "Claude Desktop" }));
    await tabTo(page, "In the browser", "Shift+Tab");
    await page.keyboard.press("ArrowRight");
    await expectShown(page.getByText("kw_YOUR_KEY").first());
  });

  it("finds the navigation of a phone in a sheet, and goes back to its button", async () => {
    const { page, gateway } = await visit({ viewport: { width: 360, height: 720 } });
    await page.goto(gateway.origin);
    await page.getByRole("heading", { name: "My connections" }).waitFor();
    await tabTo(page, "Open navigation");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Navigation" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedName(page)).toBe("Open navigation");
    await page.keyboard.press("Enter");
    await tabTo(page, "Connected apps");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Connected apps" }).waitFor();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => page.evaluate("document.activeElement.tagName")).toBe("H1");
  });

  it("holds still for those who ask for reduced motion", async () => {
    const { page, gateway } = await visit({ reducedMotion: "reduce" });
    gateway.api.set("GET /api/v1/virtual-keys", "pending");
    await page.goto(`${gateway.origin}/keys`);
    await page.getByText("Loading").first().waitFor();
    await expect
      .poll(() => page.evaluate("document.getAnimations().filter((each) => each.playState === 'running').length"))
      .toBe(0);
  });
});
