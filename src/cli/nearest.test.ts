import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

it.each([
  ["wether", ["weather", "docs"], "weather"],
  ["PORT", ["port", "host"], "port"],
  ["publik_url", ["public_url", "database_url"], "public_url"],
  ["colour", ["port", "host", "log_level"], null],
  ["a", ["bcd"], null],
  ["", ["host"], null],
  ["host", [], null],
])("what is nearest to %j in %j is %j", (typed, names, expected) => {
  expect(nearest(typed, names)).toBe(expected);
});
