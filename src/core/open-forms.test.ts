import { expect, it } from "vitest";
import { parseHeaderSchema, type HeaderFieldInput } from "./header-schema.ts";
import { keepsOpenForms } from "./open-forms.ts";

const KEY = { name: "X-Key" };
const REGION = { name: "X-Region", choices: ["eu", "us"], isRequired: false };

it.each<readonly [string, readonly HeaderFieldInput[], readonly HeaderFieldInput[]]>([
  ["nothing", [KEY, REGION], [KEY, REGION]],
  ["label, help and link", [KEY], [{ ...KEY, label: "Key", help: "Ask.", helpUrl: "https://a.example/" }]],
  ["the hint of a pattern", [{ ...KEY, pattern: "a+" }], [{ ...KEY, pattern: "a+", patternHint: "Only a." }]],
  ["the order", [KEY, REGION], [REGION, KEY]],
  ["an optional field that is new", [KEY], [KEY, REGION]],
  ["a field that is required no more", [KEY], [{ ...KEY, isRequired: false }]],
])("an edit of %s leaves open forms as they are", (_, before, after) => {
  expect(keepsOpenForms(parseHeaderSchema(before), parseHeaderSchema(after))).toBe(true);
});

it.each<readonly [string, readonly HeaderFieldInput[], readonly HeaderFieldInput[]]>([
  ["a required field that is new", [KEY], [KEY, { ...REGION, isRequired: true }]],
  ["a field that is required now", [KEY, REGION], [KEY, { ...REGION, isRequired: true }]],
  ["a field that goes", [KEY, REGION], [KEY]],
  ["a field that takes the place of another", [KEY], [REGION]],
  ["a pattern", [KEY], [{ ...KEY, pattern: "a+" }]],
  ["choices", [REGION], [{ ...REGION, choices: ["eu"] }]],
  ["a template", [KEY], [{ ...KEY, template: "Bearer {value}" }]],
  ["whether it is hidden", [KEY], [{ ...KEY, isSecret: false }]],
])("an edit of %s ends them", (_, before, after) => {
  expect(keepsOpenForms(parseHeaderSchema(before), parseHeaderSchema(after))).toBe(false);
});
