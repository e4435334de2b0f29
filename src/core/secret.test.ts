import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "./secret.ts";

const CANARY = "sk-canary-7f3a";

describe("Secret", () => {
  it("A39: shows nothing in console output, JSON, templates, inspection, cloning and error causes", () => {
    const secret = new Secret(CANARY);
    const nested = { a: { b: { c: [secret] } }, map: new Map([["x", secret]]) };
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify(nested),
      inspect(nested, { depth: 10, showHidden: true }),
      inspect(new Error("outer", { cause: new Error("inner", { cause: secret }) }), { depth: 10 }),
      JSON.stringify(structuredClone(nested.a)),
      Object.keys(secret).join(),
      Object.values(secret).join(),
    ];
    expect(shown.join("\n")).not.toContain(CANARY);
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  });

  it("opens by reveal", () => {
    expect(new Secret(CANARY).reveal()).toBe(CANARY);
  });
});
