import { describe, expect, it } from "vitest";
import { type HeaderFieldInput, type HeaderSchema, outdatedNames, parseHeaderSchema } from "./header-schema.ts";
import { affectedNames, datedFormats } from "./schema-change.ts";

type Format = Omit<HeaderFieldInput, "name">;

const BEARER = "Bearer {value}";

function schemaOf(format: Format): HeaderSchema {
  return parseHeaderSchema([{ name: "x-key", ...format }]);
}

describe("an edit that no stored value can fall foul of affects nobody:", () => {
  it.each<[string, Format, Format]>([
    ["label, help and help link", {}, { label: "Key", help: "From settings.", helpUrl: "https://example.com/" }],
    ["secret or plain", { pattern: "a" }, { pattern: "a", isSecret: false }],
    ["required or optional", { template: BEARER }, { template: BEARER, isRequired: false }],
    ["the hint of a pattern", { pattern: "a" }, { pattern: "a", patternHint: "It is a." }],
    ["a pattern less", { pattern: "a" }, {}],
    ["a pattern less, in the same template", { pattern: "a", template: BEARER }, { template: BEARER }],
    ["a template less", { template: BEARER }, {}],
    ["template and pattern less", { template: BEARER, pattern: "a" }, {}],
    ["choices less", { choices: ["a"] }, {}],
    ["a choice more", { choices: ["a", "b"] }, { choices: ["b", "c", "a"] }],
    ["a pattern that all choices match", { choices: ["aa", "ab"] }, { pattern: "a[ab]" }],
    ["a template that all choices came with", { choices: ["Bearer a"] }, { choices: ["a"], template: BEARER }],
  ])("%s", (_what, before, after) => {
    expect(affectedNames(schemaOf(before), schemaOf(after))).toEqual([]);
  });

  it("order, and fields that come or go", () => {
    const before = parseHeaderSchema([{ name: "a", pattern: "a" }, { name: "b" }]);
    const after = parseHeaderSchema([{ name: "c" }, { name: "a", pattern: "a" }]);
    expect(affectedNames(before, after)).toEqual([]);
  });
});

describe("an edit affects whoever has a value that may not be what is expected now:", () => {
  it.each<[string, Format, Format]>([
    ["a pattern", {}, { pattern: "a" }],
    ["another pattern", { pattern: "a" }, { pattern: "a|b" }],
    ["a template", {}, { template: BEARER }],
    ["another template", { template: BEARER }, { template: "Token {value}" }],
    ["a template less, where the pattern stays", { template: BEARER, pattern: "a" }, { pattern: "a" }],
    ["choices", {}, { choices: ["a"] }],
    ["choices instead of a pattern", { pattern: "a" }, { choices: ["a"] }],
    ["a choice less", { choices: ["a", "b"] }, { choices: ["a"] }],
    ["a pattern that one choice does not match", { choices: ["a", "b"] }, { pattern: "a" }],
    ["choices that get a template", { choices: ["a"] }, { choices: ["a"], template: BEARER }],
  ])("%s", (_what, before, after) => {
    expect(affectedNames(schemaOf(before), schemaOf(after))).toEqual(["x-key"]);
  });

  it("a field that is declared with a format: a value of its name may be sealed from before it was removed", () => {
    const after = parseHeaderSchema([{ name: "a" }, { name: "b", pattern: "b" }]);
    expect(affectedNames(parseHeaderSchema([{ name: "a" }]), after)).toEqual(["b"]);
  });
});

describe("the history of a format", () => {
  const held = (schemaRevision: number) => ({ fieldNames: ["x-key"], schemaRevision });

  /** The schema after edits, the first of which made revision 2. */
  function after(...formats: Format[]): HeaderSchema {
    return formats.reduce<HeaderSchema>(
      (before, format, at) => datedFormats(before, schemaOf(format), at + 2),
      schemaOf({}),
    );
  }

  it("asks again those whose values are older than the format, and nobody else", () => {
    const schema = after({ label: "Key" }, { pattern: "a" }, { pattern: "a", label: "Another" });
    expect([1, 2, 3, 4].map((revision) => outdatedNames(schema, held(revision)).length)).toEqual([1, 1, 0, 0]);
  });

  it("goes on when a later edit only loosens the format", () => {
    const schema = after({ choices: ["a"] }, { choices: ["a", "b"] });
    expect([1, 2, 3].map((revision) => outdatedNames(schema, held(revision)).length)).toEqual([1, 0, 0]);
  });

  it("ends when the format is given up: values of any age are as good as they were", () => {
    expect(outdatedNames(after({ pattern: "a" }, {}), held(1))).toEqual([]);
  });
});
