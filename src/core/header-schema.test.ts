import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { isSatisfiedBy, parseHeaderSchema } from "./header-schema.ts";

describe("header schema", () => {
  it("fills defaults: label from the name, secret and required", () => {
    expect(parseHeaderSchema([{ name: "X-API-Key" }])).toEqual([
      {
        name: "x-api-key",
        displayName: "X-API-Key",
        label: "X-API-Key",
        help: "",
        helpUrl: null,
        isSecret: true,
        isRequired: true,
      },
    ]);
  });

  it.each([
    ["no field", []],
    ["17 fields", Array.from({ length: 17 }, (_, i) => ({ name: `x-${i}` }))],
    ["a javascript: help link", [{ name: "x", helpUrl: "javascript:alert(1)" }]],
    ["a data: help link", [{ name: "x", helpUrl: "data:text/html,x" }]],
    ["a plain http help link", [{ name: "x", helpUrl: "http://example.com" }]],
    ["a help link with userinfo", [{ name: "x", helpUrl: "https://a@example.com" }]],
    ["a right-to-left override in the label", [{ name: "x", label: "key\u202eyek" }]],
    ["10 KB of help", [{ name: "x", help: "h".repeat(10_240) }]],
  ])("A18: refuses %s", (_what, fields) => {
    expect(() => parseHeaderSchema(fields)).toThrow(KeywardError);
  });

  it("is satisfied by a credential that has every required field", () => {
    const schema = parseHeaderSchema([{ name: "x-a" }, { name: "x-b", isRequired: false }]);
    expect(isSatisfiedBy(schema, ["x-a"])).toBe(true);
    expect(isSatisfiedBy(schema, ["x-b"])).toBe(false);
    expect(isSatisfiedBy(schema, ["x-a", "x-gone"])).toBe(true);
  });
});
