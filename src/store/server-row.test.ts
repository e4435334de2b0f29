import { describe, expect, it } from "vitest";
import { parseHeaderSchema } from "../core/header-schema.ts";
import { fromHeaderSchema, toHeaderSchema } from "./server-row.ts";

describe("a header schema that was written before fields had a format", () => {
  const text =
    '[{"name":"x-api-key","displayName":"X-API-Key","label":"Key","help":"","helpUrl":null,"isSecret":true,"isRequired":true}]';

  it("reads as one without formats", () => {
    expect(toHeaderSchema(text)).toEqual(parseHeaderSchema([{ name: "X-API-Key", label: "Key" }]));
  });

  it("is the same text when it is saved again, so that nothing counts as changed", () => {
    expect(fromHeaderSchema(parseHeaderSchema([{ name: "X-API-Key", label: "Key" }]))).toBe(text);
  });
});
