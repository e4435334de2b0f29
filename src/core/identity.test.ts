import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { identityKey, isSameIdentity, parseIdentity } from "./identity.ts";

describe("identity", () => {
  it.each([
    ["a NUL", "user\u0000"],
    ["a trailing space", "user "],
    ["an inner space", "us er"],
    ["an empty id", ""],
    ["a blank id", "   "],
    ["a Cyrillic look-alike", "аdmin"],
    ["a composed letter", "é"],
    ["a decomposed letter", "e\u0301"],
    ["a line break", "a\nb"],
    ["4 KB", "a".repeat(4096)],
  ])("A13: refuses an id with %s", (_what, id) => {
    expect(() => parseIdentity("user", id)).toThrow(KeywardError);
  });

  it("A13: keeps ids apart that are equal across kinds, or differ in case or separators", () => {
    const identities = [
      parseIdentity("user", "1"),
      parseIdentity("virtual_key", "1"),
      parseIdentity("session", "1"),
      parseIdentity("user", "a:b"),
      parseIdentity("user", "A:b"),
      parseIdentity("user", "a/b"),
    ];
    expect(new Set(identities.map(identityKey)).size).toBe(identities.length);
    for (const [i, a] of identities.entries()) {
      for (const [j, b] of identities.entries()) {
        expect(isSameIdentity(a, b)).toBe(i === j);
      }
    }
  });

  it("refuses an unknown mode", () => {
    expect(() => parseIdentity("admin", "1")).toThrow(KeywardError);
    expect(() => parseIdentity("__proto__", "1")).toThrow(KeywardError);
  });
});
