import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { aFlow, heading, KEYWARD_KEY, linkOf, SCENES, stored } from "./connect-scenes.ts";
import { useVisits } from "./visits.ts";

async function violations(page: Page, ...rules: readonly string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations: found } = await (rules.length > 0 ? axe.withRules([...rules]) : axe).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

describe.skipIf(chromiumPath === null)("the connect page for everyone", () => {
  const visit = useVisits();

  describe("shows every state with a heading and the focus, without an axe violation in light or dark, on any screen", () => {
    it.each(Object.entries(SCENES))("%s", async (_name, scene) => {
      const { page, gateway } = await visit({ colorScheme: "light", bypassCSP: true });
      await scene.play(page, gateway);
      await heading(page).filter({ hasText: scene.heading }).waitFor();
      expect(await page.locator("h1:focus, .problem:focus").count()).toBe(1);
      expect(await page.title()).toBe(`${await heading(page).textContent()} - Keyward`);
      expect(await violations(page)).toEqual([]);

      await page.emulateMedia({ colorScheme: "dark" });
      expect(await violations(page, "color-contrast")).toEqual([]);

      await page.setViewportSize({ width: 320, height: 640 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    });
  });

  it("works from the link to the end with the keyboard alone", async () => {
    const { page, gateway } = await visit();
    gateway.answers.flow = { status: 200, body: aFlow({ proof: "temp_token" }) };
    gateway.answers.submit = stored("proven");
    const focusedName = () =>
      page.evaluate<string>("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent");
    const tabTo = async (name: string): Promise<void> => {
      await page.keyboard.press("Tab");
      expect(await focusedName()).toBe(name);
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).not.toBe("none");
    };

    await page.goto(linkOf(gateway));
    await heading(page).filter({ hasText: "Is this link yours?" }).waitFor();
    await tabTo("Keyward key");
    await page.keyboard.insertText(KEYWARD_KEY);
    await page.keyboard.press("Enter");

    await heading(page).filter({ hasText: "Connect to tracker" }).waitFor();
    await tabTo("Get it at tracker.example.com");
    await tabTo("API key");
    await page.keyboard.type("v-1");
    await tabTo("Show API key");
    await page.keyboard.press("Space");
    expect(await focusedName()).toBe("Hide API key");
    await tabTo("Tenant id optional");
    await tabTo(
      "I asked for this link. These values will be used for virtual key Ada's laptop whenever it calls tracker.",
    );
    await page.keyboard.press("Space");
    await tabTo("Verify and store");
    await page.keyboard.press("Enter");
    await heading(page).filter({ hasText: "tracker is connected" }).waitFor();
    expect(gateway.requests.at(-1)?.body).toBe(`{"headers":{"x-api-key":"v-1"}}`);
  });

  it("holds still for those who ask for reduced motion", async () => {
    const { page, gateway } = await visit({ reducedMotion: "reduce" });
    await SCENES["verifying"]?.play(page, gateway);
    await page.locator(".waiting").waitFor();
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  });
});
