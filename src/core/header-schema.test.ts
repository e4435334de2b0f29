import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { type HeaderFieldInput, isSatisfiedBy, outdatedNames, parseHeaderSchema } from "./header-schema.ts";

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
        pattern: null,
        patternHint: null,
        choices: null,
        template: null,
        formatSince: null,
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

  it("takes a format: a pattern with its hint, choices, a template", () => {
    const pattern = {
      name: "x-key",
      pattern: "sk-\\w{8}",
      patternHint: " It begins with sk-. ",
      template: "Bearer {value}",
    };
    const choices = { name: "x-region", choices: ["eu", "us east"], template: "region={value};" };
    expect(parseHeaderSchema([pattern, choices])).toMatchObject([
      {
        pattern: "sk-\\w{8}",
        patternHint: "It begins with sk-.",
        choices: null,
        template: "Bearer {value}",
        isSecret: true,
      },
      { pattern: null, patternHint: null, choices: ["eu", "us east"], template: "region={value};", isSecret: false },
    ]);
  });

  it("hides what is typed unless there are choices, which the form shows to everybody anyhow", () => {
    const [shown, hidden] = parseHeaderSchema([
      { name: "a", choices: ["x"] },
      { name: "b", choices: ["x"], isSecret: true },
    ]);
    expect([shown?.isSecret, hidden?.isSecret]).toEqual([false, true]);
  });

  it("takes a template of the value alone, an empty hint and null as none", () => {
    const input = { name: "a", template: "{value}", patternHint: " ", pattern: null, choices: null };
    expect(parseHeaderSchema([input])).toEqual(parseHeaderSchema([{ name: "a" }]));
  });

  it.each<[string, Omit<HeaderFieldInput, "name">]>([
    ["a pattern that could run for ever elsewhere, in a form that is not known here", { pattern: "(a+)+?b" }],
    ["a pattern with a look-around", { pattern: "(?=.*\\d).+" }],
    ["an empty pattern", { pattern: "" }],
    ["a pattern of 501 characters", { pattern: "x".repeat(501) }],
    ["a pattern and choices", { pattern: "a", choices: ["a"] }],
    ["a hint without a pattern", { patternHint: "It begins with sk-." }],
    ["a hint of 201 characters", { pattern: "a", patternHint: "h".repeat(201) }],
    ["a hint that turns the text around", { pattern: "a", patternHint: "a\u202eb" }],
    ["no choice", { choices: [] }],
    ["51 choices", { choices: Array.from({ length: 51 }, (_, at) => String(at)) }],
    ["one choice twice", { choices: ["a", "b", "a"] }],
    ["an empty choice", { choices: ["a", ""] }],
    ["a choice with a line break", { choices: ["a\r\nx-evil: 1"] }],
    ["a choice with an outer space", { choices: [" a"] }],
    ["a choice outside ASCII", { choices: ["é"] }],
    ["a choice of 201 characters", { choices: ["c".repeat(201)] }],
    ["a template without a place for the value", { template: "Bearer" }],
    ["a template with two places for the value", { template: "{value}{value}" }],
    ["a template with a line break", { template: "{value}\r\nx-evil: 1" }],
    ["a template with an outer space", { template: " {value}" }],
    ["a template outside ASCII", { template: "schlüssel {value}" }],
    ["a template of 201 characters", { template: `{value}${"t".repeat(194)}` }],
  ])("refuses %s, and names the field", (_what, format) => {
    const error = refusalOf(() => parseHeaderSchema([{ name: "X-Odd", ...format }]));
    expect(error.code).toBe("invalid_header_schema");
    expect(error.message).toMatch(/\bx-odd\b/);
    expect(error.message).not.toMatch(/evil|look.*behind/);
  });

  it("is satisfied by a credential that has every required field", () => {
    const schema = parseHeaderSchema([{ name: "x-a" }, { name: "x-b", isRequired: false }]);
    const holding = (...fieldNames: string[]) => ({ fieldNames, schemaRevision: 1 });
    expect(isSatisfiedBy(schema, holding("x-a"))).toBe(true);
    expect(isSatisfiedBy(schema, holding("x-b"))).toBe(false);
    expect(isSatisfiedBy(schema, holding("x-a", "x-gone"))).toBe(true);
  });

  it("is satisfied by no value that was sealed before the format of its field came to be", () => {
    const [a, b] = parseHeaderSchema([{ name: "a" }, { name: "b", isRequired: false, pattern: "b+" }]);
    const schema = [a, b && { ...b, formatSince: 3 }].filter((field) => field !== undefined);
    expect(isSatisfiedBy(schema, { fieldNames: ["a", "b"], schemaRevision: 3 })).toBe(true);
    expect(isSatisfiedBy(schema, { fieldNames: ["a", "b"], schemaRevision: 2 })).toBe(false);
    expect(outdatedNames(schema, { fieldNames: ["a", "b"], schemaRevision: 2 })).toEqual(["b"]);
    expect(isSatisfiedBy(schema, { fieldNames: ["a"], schemaRevision: 2 })).toBe(true);
  });
});

function refusalOf(action: () => unknown): KeywardError {
  try {
    action();
  } catch (error) {
    if (error instanceof KeywardError) {
      return error;
    }
  }
  return expect.fail("it was expected to be refused");
}
