import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import {
  aFlow,
  API_KEY_FIELD,
  heading,
  KEYWARD_KEY,
  linkOf,
  ok,
  REGION_FIELD,
  SCENES,
  stored,
  TENANT_FIELD,
} from "./connect-scenes.ts";
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
    const fields = [API_KEY_FIELD, REGION_FIELD, TENANT_FIELD];
    gateway.answers.flow = ok(aFlow({ proof: "temp_token", fields }));
    gateway.answers.submit = stored("proven");
    const focusedName = () =>
      page.evaluate<string>("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent");
    const tabTo = async (name: string): Promise<void> => {
      await page.keyboard.press("Tab");
      expect(await focusedName()).toBe(name);
      // An input has its outline around all that belongs to it.
      const outlined =
        "document.activeElement.closest('.input:has(input:focus, select:focus)') ?? document.activeElement";
      expect(await page.evaluate(`getComputedStyle(${outlined}).outlineStyle`)).toBe("solid");
    };

    await page.goto(linkOf(gateway));
    await heading(page).filter({ hasText: "Is this link yours?" }).waitFor();
    await tabTo("Sign in");
    await tabTo("Virtual key");
    await page.keyboard.insertText(KEYWARD_KEY);
    await page.keyboard.press("Enter");

    await heading(page).filter({ hasText: "Did you ask for this?" }).waitFor();
    await tabTo("Yes, go on");
    await page.keyboard.press("Space");

    await heading(page).filter({ hasText: "Connect to tracker" }).waitFor();
    await tabTo("Get it at tracker.example.com");
    await tabTo("API key");
    await page.keyboard.type("v-1");
    await tabTo("Show API key");
    await page.keyboard.press("Space");
    expect(await focusedName()).toBe("Hide API key");
    await tabTo("Region");
    await page.keyboard.type("us");
    await tabTo("Tenant id optional");
    await tabTo("Verify and store");
    await page.keyboard.press("Enter");
    await heading(page).filter({ hasText: "tracker is connected" }).waitFor();
    expect(gateway.requests.findLast(({ method }) => method === "PUT")?.body).toBe(
      `{"headers":{"x-api-key":"v-1","x-region":"us-east"}}`,
    );
    await tabTo("My connections");
  });

  it("tells a screen reader of an input what is expected of it, and what was done to what was pasted", async () => {
    const { page, gateway } = await visit();
    await SCENES["form-with-formats"]?.play(page, gateway);
    const token = page.getByLabel("Access token", { exact: true });
    await token.waitFor();
    const described = await page.evaluate<string>(`(() => {
      const ids = document.querySelector("#field-0").getAttribute("aria-describedby").split(" ");
      return ids.map((id) => document.getElementById(id).textContent).join(" ");
    })()`);
    expect(described).toContain("It is sent with Bearer in front.");
    expect(described).toContain("A token begins with pat_");
    await token.fill("Bearer pat_12345678");
    const note = page.getByRole("status").filter({ hasText: "Bearer was there already, so it is not sent twice." });
    await note.waitFor();
  });

  it("holds still for those who ask for reduced motion", async () => {
    const { page, gateway } = await visit({ reducedMotion: "reduce" });
    await SCENES["verifying"]?.play(page, gateway);
    await page.locator(".waiting").waitFor();
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  });
});
