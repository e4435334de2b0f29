import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../core/json.ts";
import { paramHeadersOf } from "../../core/param-headers.ts";
import { encodeHeaderText, paramHeaderValues } from "./param-headers.ts";

const annotated = (annotation: JsonValue, type: JsonValue = "string") => ({ type, "x-mcp-header": annotation });
const object = (properties: Record<string, JsonValue>, rest: Record<string, JsonValue> = {}) => ({
  type: "object",
  properties,
  ...rest,
});

describe("A36: a tool's header annotation", () => {
  it("is followed through properties at any depth", () => {
    const schema = object({ region: annotated("Region"), deep: object({ id: annotated("Deep-Id", "integer") }) });
    expect(paramHeadersOf(schema)).toEqual([
      { name: "mcp-param-region", path: ["region"] },
      { name: "mcp-param-deep-id", path: ["deep", "id"] },
    ]);
    expect(paramHeadersOf(object({}))).toEqual([]);
    expect(paramHeadersOf(undefined)).toEqual([]);
  });

  it.each<[string, JsonValue]>([
    ["with a line break", object({ a: annotated("A\r\nx-api-key: evil") })],
    ["with a space", object({ a: annotated("A B") })],
    ["with a colon", object({ a: annotated("A:B") })],
    ["that is empty", object({ a: annotated("") })],
    ["that is no text", object({ a: annotated(7) })],
    ["that is endless", object({ a: annotated("x".repeat(129)) })],
    ["used twice, by case", object({ a: annotated("Id"), b: annotated("iD") })],
    ["on a number", object({ a: annotated("A", "number") })],
    ["on an object", object({ a: annotated("A", "object") })],
    ["on two types", object({ a: annotated("A", ["string", "null"]) })],
    ["on the root", { ...object({}), "x-mcp-header": "A" }],
    ["under items", object({ a: { type: "array", items: annotated("A") } })],
    ["under oneOf", object({}, { oneOf: [object({ a: annotated("A") })] })],
    ["under $defs", object({}, { $defs: { a: annotated("A") } })],
    ["under additionalProperties", object({}, { additionalProperties: annotated("A") })],
  ])("%s makes the tool unusable", (_, schema) => {
    expect(paramHeadersOf(schema)).toBeNull();
  });
});

describe("a mirrored parameter", () => {
  const headers = paramHeadersOf(
    object({
      s: annotated("S"),
      i: annotated("I", "integer"),
      b: annotated("B", "boolean"),
      deep: object({ x: annotated("X") }),
    }),
  );
  const valuesOf = (args: JsonValue | undefined) => Object.fromEntries(paramHeaderValues(headers ?? [], args));

  it("is written as text", () => {
    expect(valuesOf({ s: "plain text", i: 42, b: false, deep: { x: "y" } })).toEqual({
      "mcp-param-s": "plain text",
      "mcp-param-i": "42",
      "mcp-param-b": "false",
      "mcp-param-x": "y",
    });
  });

  it("is left out when it is absent, null or of another kind", () => {
    expect(valuesOf({ s: null, i: 1.5, b: [true], deep: "x" })).toEqual({});
    expect(valuesOf({ i: 2 ** 60, s: { toString: 1 } })).toEqual({});
    expect(valuesOf(undefined)).toEqual({});
    expect(valuesOf("text")).toEqual({});
  });

  it("is not looked for in prototypes", () => {
    const inherited = paramHeadersOf(object({ constructor: object({ name: annotated("Name") }) })) ?? [];
    expect([...paramHeaderValues(inherited, {})]).toEqual([]);
  });
});

describe("text in a header", () => {
  it.each([
    ["plain", "plain"],
    ["with space", "with space"],
    ["", "=?base64??="],
    [" edge", "=?base64?IGVkZ2U=?="],
    ["Zürich", "=?base64?WsO8cmljaA==?="],
    ["a\r\nb", "=?base64?YQ0KYg==?="],
    ["=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="],
  ])("%j is written %j", (text, expected) => {
    expect(encodeHeaderText(text)).toBe(expected);
  });
});
