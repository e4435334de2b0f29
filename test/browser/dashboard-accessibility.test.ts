import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { play, SCENES } from "./dashboard-scenes.ts";
import { startStubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo } from "./visits.ts";

async function violations(page: Page, ...rules: readonly string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
  const { violations: found } = await (rules.length > 0 ? axe.withRules([...rules]) : axe).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html}`));
}

/** What is shown at once, with nothing half faded in. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    "Promise.all(document.getAnimations().filter((a) => a.effect.getComputedTiming().iterations !== Infinity).map((a) => a.finished))",
  );
}

describe.skipIf(chromiumPath === null)("the dashboard for everyone", () => {
  const visit = useVisitsTo(startStubDashboard);

  describe("shows every page and state without an axe violation in light or dark, and nothing cut on a phone", () => {
    it.each(Object.entries(SCENES))("%s", async (_name, scene) => {
      const { page, gateway } = await visit({ colorScheme: "light", viewport: { width: 1280, height: 800 } });
      await play(scene, page, gateway);
      await settled(page);
      expect(await violations(page)).toEqual([]);

      await page.emulateMedia({ colorScheme: "dark" });
      await settled(page);
      expect(await violations(page, "color-contrast")).toEqual([]);

      await page.setViewportSize({ width: 360, height: 720 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      expect(await page.evaluate(CUT)).toEqual([]);
    });
  });
});

/** Text that is wider than the box that hides what does not fit, except where cutting is the intention. */
const CUT = `[...document.querySelectorAll("body *")]
  .filter((element) => {
    const style = getComputedStyle(element);
    const isSeen = element.checkVisibility() && element.clientWidth > 1;
    return isSeen && style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
  })
  .map((element) => element.outerHTML.slice(0, 120))`;
