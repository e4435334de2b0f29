import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { ADMIN_SCENES, playAdmin } from "./admin-scenes.ts";
import { NOW } from "./admin-world.ts";
import { chromiumPath } from "./chromium.ts";
import { play, SCENES } from "./dashboard-scenes.ts";
import { IS_FOCUS_SEEN } from "./keyboard.ts";
import { startStubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo } from "./visits.ts";

/** Places on the way round that are no places of the page: the browser's own, and those that guard a dialog. */
const SLACK = 12;

/**
 * Everything in sight that can be pressed or filled in, marked with a number. Not: what a dialog hides from everybody, and
 * what arrow keys reach inside a group of radio buttons or tabs that has the focus.
 */
const MARK = `{
  const isFirstOfItsGroup = (radio) =>
    radio === (document.querySelector(\`input[name="\${radio.name}"]:checked\`) ?? document.querySelector(\`input[name="\${radio.name}"]\`));
  const found = [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")].filter(
    (element) =>
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.disabled &&
      !element.closest("[aria-hidden=true], [inert]") &&
      !element.matches("[type=hidden], [role=tab][tabindex='-1'], [role=tablist], [data-radix-focus-guard]") &&
      (element.type !== "radio" || isFirstOfItsGroup(element)),
  );
  found.forEach((element, index) => { element.dataset.reach = index; });
  found.map((element) => element.outerHTML.slice(0, 140));
}`;

const FOCUSED = `({ at: document.activeElement.dataset.reach ?? null, isSeen: ${IS_FOCUS_SEEN} })`;

/** Presses Tab until the focus has been everywhere. @returns what it never came to */
async function unreached(page: Page): Promise<readonly string[]> {
  const all = await page.evaluate<string[]>(MARK);
  const missing = new Set(all.keys());
  for (let step = 0; step < all.length + SLACK && missing.size > 0; step += 1) {
    await page.keyboard.press("Tab");
    const { at, isSeen } = await page.evaluate<{ at: string | null; isSeen: boolean }>(FOCUSED);
    if (at !== null && missing.delete(Number(at))) expect(isSeen, `the focus is seen on ${all[Number(at)]}`).toBe(true);
  }
  return [...missing].map((index) => all[index] ?? "");
}

/** An open menu keeps the Tab key to itself, as menus do; its items are reached by arrow keys. */
async function leaveMenu(page: Page): Promise<void> {
  if ((await page.getByRole("menu").count()) > 0) await page.keyboard.press("Escape");
}

describe.skipIf(chromiumPath === null)(
  "by the Tab key alone, and with a focus that is seen, everything is reached",
  () => {
    const visit = useVisitsTo(startStubDashboard);

    it.each(Object.entries(ADMIN_SCENES))("of the administrator's pages: %s", async (_name, scene) => {
      const { page, gateway } = await visit({ viewport: { width: 1280, height: 800 } });
      await page.clock.setFixedTime(NOW);
      await playAdmin(scene, page, gateway);
      await leaveMenu(page);
      expect(await unreached(page)).toEqual([]);
    });

    it.each(Object.entries(SCENES))("of everybody's pages: %s", async (_name, scene) => {
      const { page, gateway } = await visit({ viewport: { width: 1280, height: 800 } });
      await play(scene, page, gateway);
      await leaveMenu(page);
      expect(await unreached(page)).toEqual([]);
    });
  },
);
