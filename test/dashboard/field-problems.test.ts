import { describe, expect, it } from "vitest";
import {
  draftsOf,
  emptyField,
  fieldOf,
  isSameSchema,
  type DraftField,
} from "../../web/dashboard/parts/schema/draft-field.ts";
import { problemsOfFields } from "../../web/dashboard/parts/schema/field-problems.ts";

const field = (changes: Partial<DraftField>): DraftField => ({ ...emptyField(), name: "X-API-Key", ...changes });

/** What is said of one field. */
const problemsOf = (changes: Partial<DraftField>) => {
  const draft = field(changes);
  return problemsOfFields([draft]).get(draft.key) ?? {};
};

describe("a header field while it is edited", () => {
  it("is judged as the gateway will judge it, input by input", () => {
    expect(problemsOf({})).toEqual({});
    expect(problemsOf({ name: " " }).name).toBe("Enter the name of the header.");
    expect(problemsOf({ name: "Cookie" }).name).toContain("may not be declared");
    expect(problemsOf({ name: "X_Key" }).name).toContain("_ is not allowed");
    expect(problemsOf({ label: "a".repeat(81) }).label).toContain("80 printable characters");
    expect(problemsOf({ helpUrl: "javascript:alert(1)" }).helpUrl).toContain("https URL");
    expect(problemsOf({ format: "pattern", pattern: "" }).pattern).toBe("Enter a pattern.");
    expect(problemsOf({ format: "pattern", pattern: "(a" }).pattern).toContain("has a ( without its )");
    expect(problemsOf({ format: "choices", choices: "\n" }).choices).toContain("one a line");
    expect(problemsOf({ format: "choices", choices: "eu\neu" }).choices).toContain("twice");
    expect(problemsOf({ template: "Bearer" }).template).toContain("{value}");
  });

  it("may not have the name of another, whatever the letter case", () => {
    const [one, twin] = [field({}), field({ name: "x-api-key" })];
    expect([...problemsOfFields([one, twin])]).toEqual([[twin.key, { name: "Another field has this name." }]]);
  });

  it("is sent without what belongs to a format that is not chosen", () => {
    const left = { pattern: "a+", patternHint: "as", choices: "eu\nus" };
    expect(fieldOf(field({ ...left, format: "any" }))).toMatchObject({
      pattern: null,
      pattern_hint: null,
      choices: null,
    });
    expect(fieldOf(field({ ...left, format: "pattern" }))).toMatchObject({ pattern: "a+", choices: null });
    expect(fieldOf(field({ ...left, format: "choices" }))).toMatchObject({ pattern: null, choices: ["eu", "us"] });
  });

  it("is the same after it was read and not touched", () => {
    const schema = [
      fieldOf(field({ label: "API key", help: "In your account.", helpUrl: "https://example.com/keys" })),
      fieldOf(field({ name: "X-Region", format: "choices", choices: "eu\nus", isSecret: false, isRequired: false })),
      fieldOf(field({ name: "Authorization", format: "pattern", pattern: "[a-z]+", template: "Bearer {value}" })),
    ];
    expect(isSameSchema(draftsOf(schema), schema)).toBe(true);
    expect(draftsOf(schema).map(fieldOf)).toEqual(schema);
    expect(isSameSchema(draftsOf(schema).toReversed(), schema)).toBe(false);
  });
});
