import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { legacyOutput, legacyStructuredContent, withObjectProperties } from "./output-schema.ts";

/** As the first official SDK compiles it while it lists. */
function compile(schema: JsonObject): void {
  new AjvJsonSchemaValidator().getValidator(schema);
}

describe("an output schema for a legacy client", () => {
  it("stays as it is when its root is an object that compiles", () => {
    const schemas: JsonObject[] = [
      { type: "object" },
      {
        type: "object",
        properties: { a: { type: ["string", "null"], pattern: "^a$" } },
        required: ["a"],
        "x-own": { b: 1 },
      },
      { type: "object", $defs: { p: { type: "number" } }, properties: { a: { $ref: "#/$defs/p" }, b: { $ref: "#" } } },
      {
        type: "object",
        properties: { a: { anyOf: [{ const: { $ref: 1 } }, { enum: [null] }] } },
        additionalProperties: false,
      },
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: { $ref: { type: "string" } },
      },
    ];
    for (const schema of schemas) {
      expect(legacyOutput(schema)).toEqual({ schema, isWrapped: false });
      compile(schema);
    }
  });

  it("is left away when a validator could stumble over it", () => {
    const parts: JsonObject[] = [
      { type: "strin" },
      { type: [] },
      { pattern: "(" },
      { patternProperties: { "[": {} } },
      { $ref: "#/$defs/none" },
      { $ref: "#/properties/a" },
      { $ref: "https://x.example/schema.json" },
      { $id: "https://x.example/a" },
      { $async: true },
      { nullable: true },
      { exclusiveMinimum: true },
      { required: "a" },
      { enum: [] },
      { anyOf: [] },
      { properties: { b: 1 } },
      { items: 1 },
      { format: 1 },
    ];
    for (const part of parts) {
      const schema = { type: "object", properties: { a: part } };
      expect(legacyOutput(schema), JSON.stringify(part)).toEqual({ schema: null, isWrapped: false });
    }
    for (const schema of [undefined, null, true, "x", [{ type: "object" }]]) {
      expect(legacyOutput(schema)).toEqual({ schema: null, isWrapped: false });
    }
  });

  it("is put into an object when its root is none, unless a pointer would then point elsewhere", () => {
    for (const schema of [
      { type: "array", items: {} },
      { anyOf: [{ type: "object" }] },
      {},
      { type: ["object", "null"] },
    ]) {
      const wrapped = { type: "object", properties: { result: schema }, required: ["result"] };
      expect(legacyOutput(schema)).toEqual({ schema: wrapped, isWrapped: true });
    }
    const recursive = { type: "array", items: { $ref: "#" } };
    expect(legacyOutput(recursive)).toEqual({ schema: null, isWrapped: false });
  });

  it("compiles whenever it is shown at all", () => {
    const leaves: JsonValue[] = ["object", "string", "strin", "(", "^a$", "#", "#/$defs/p", "", 1, -1, 0.5, true, null];
    const leaf = fc.constantFrom(...leaves);
    const keywords =
      "type pattern patternProperties properties $defs definitions items prefixItems anyOf allOf oneOf not if then else " +
      "contains minContains required enum const minimum exclusiveMinimum multipleOf maxLength uniqueItems $schema " +
      "additionalProperties propertyNames dependentSchemas unevaluatedProperties discriminator nullable dependencies " +
      "$ref $id $anchor $dynamicRef $async p x";
    const keyword = fc.constantFrom(...keywords.split(" "));
    const { schema } = fc.letrec<{ schema: JsonObject; value: JsonValue }>((tie) => ({
      schema: fc.dictionary(keyword, tie("value"), { maxKeys: 4 }),
      value: fc.oneof({ maxDepth: 4 }, leaf, tie("schema"), fc.array(fc.oneof(leaf, tie("schema")), { maxLength: 2 })),
    }));
    fc.assert(
      fc.property(schema, (part) => {
        for (const root of [{ ...part, type: "object" }, part]) {
          const { schema: shown } = legacyOutput(root);
          if (shown !== null) compile(shown);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("structured content for a legacy client", () => {
  it("is wrapped where the schema is, and where it is no object", () => {
    const object = { type: "object" };
    const array = { type: "array" };
    expect(legacyStructuredContent(undefined, array)).toBeUndefined();
    expect(legacyStructuredContent({ a: 1 }, object)).toEqual({ a: 1 });
    expect(legacyStructuredContent({ a: 1 }, undefined)).toEqual({ a: 1 });
    expect(legacyStructuredContent({ a: 1 }, { anyOf: [object, array] })).toEqual({ result: { a: 1 } });
    for (const content of [[1], "x", 0, null, false]) {
      expect(legacyStructuredContent(content, undefined)).toEqual({ result: content });
      expect(legacyStructuredContent(content, array)).toEqual({ result: content });
    }
  });
});

it("says with objects what property schemas say with true and false", () => {
  const schema = { type: "object", properties: { a: true, b: false, c: { type: "string" } } };
  expect(withObjectProperties(schema)["properties"]).toEqual({ a: {}, b: { not: {} }, c: { type: "string" } });
  expect(withObjectProperties({ type: "object" })).toEqual({ type: "object" });
});
