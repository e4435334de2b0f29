import { expect, it } from "vitest";
import { parseDisplayName } from "./display-name.ts";

it.each([
  ["Ada", "Ada"],
  [" Ada Lovelace ", "Ada Lovelace"],
  ["Zoë 🦉", "Zoë 🦉"],
  ["x".repeat(80), "x".repeat(80)],
])("%j is a name", (text, name) => {
  expect(parseDisplayName(text)).toBe(name);
});

it.each(["", "  ", "x".repeat(81), "a\u0000b", "a\u202eb", "a\u200bb", "a\nb"])("A18: %j is none", (text) => {
  expect(() => parseDisplayName(text)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});
