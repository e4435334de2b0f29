import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";

async function violations(page: Page, ...rules: readonly string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({
    resultTypes: ["violations"],
    // It would copy style sheets into elements, which the page's policy forbids.
    preload: false,
  });
  const { violations: found } = await (rules.length > 0 ? axe.withRules([...rules]) : axe).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html}`));
}

/** What is shown at once, with nothing half faded in. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    `Promise.allSettled(
      document.getAnimations().filter((a) => a.effect.getComputedTiming().iterations !== Infinity).map((a) => a.finished),
    ).then(() => null)`,
  );
}

/** Text that is wider than the box that hides what does not fit, except where cutting is the intention. */
const CUT = `[...document.querySelectorAll("body *")]
  .filter((element) => {
    const style = getComputedStyle(element);
    const isSeen = element.checkVisibility() && element.clientWidth > 1;
    return isSeen && style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
  })
  .map((element) => element.outerHTML.slice(0, 120))`;

/** A page that is open in the light theme: no axe violation in light or dark, and nothing cut on a phone. */
export async function expectForEveryone(page: Page): Promise<void> {
  await settled(page);
  expect(await violations(page)).toEqual([]);

  await page.emulateMedia({ colorScheme: "dark" });
  await settled(page);
  expect(await violations(page, "color-contrast")).toEqual([]);

  await page.setViewportSize({ width: 360, height: 720 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  expect(await page.evaluate(CUT)).toEqual([]);
}
