import { expect, it } from "vitest";
import { agoText } from "./ago.ts";

it.each([
  [-5_000, "just now"],
  [0, "just now"],
  [59_999, "just now"],
  [60_000, "1 minute ago"],
  [120_000, "2 minutes ago"],
  [3_599_999, "59 minutes ago"],
  [3_600_000, "1 hour ago"],
  [86_399_999, "23 hours ago"],
  [86_400_000, "1 day ago"],
  [40 * 86_400_000, "40 days ago"],
])("%i ms is %s", (ms, text) => {
  expect(agoText(ms)).toBe(text);
});
