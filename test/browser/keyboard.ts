import type { Page } from "playwright-core";
import { expect } from "vitest";

/** What has the focus, as a screen reader would name it. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate<string>(`{
    const element = document.activeElement;
    (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent).trim();
  }`);
}

/** Goes on until it has the focus; each place on the way has a focus that is seen. */
export async function tabTo(page: Page, name: string, key = "Tab"): Promise<void> {
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press(key);
    expect(await page.evaluate(IS_FOCUS_SEEN), `the focus is seen on ${await focusedName(page)}`).toBe(true);
    if ((await focusedName(page)) === name) return;
  }
  expect.fail(`${name} cannot be reached`);
}

/** Whether a ring shows where the focus is: an expression for the page. */
export const IS_FOCUS_SEEN = `(() => {
  const element = document.activeElement;
  const rings = [element, element.closest("label")].filter(Boolean);
  return (
    element.matches("[role^='menuitem']") ||
    rings.some((each) => getComputedStyle(each).outlineStyle !== "none") ||
    getComputedStyle(element, "::after").outlineStyle !== "none"
  );
})()`;
