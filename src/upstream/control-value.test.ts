import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeaderName } from "../core/header-name.ts";
import type { Random } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import { wrongValues } from "./control-value.ts";

const random: Random = { bytes: (length) => randomBytes(length) };

function wrong(value: string, source: Random = random): string {
  const name = "x-api-key" as HeaderName;
  return (
    wrongValues({ userHeaders: new Map([[name, new Secret(value)]]), plainNames: new Set() }, source)
      .get(name)
      ?.reveal() ?? ""
  );
}

describe("a wrong value", () => {
  it("is never the real one, has its length, and may stand in a header", () => {
    const visible = fc.string({
      minLength: 1,
      maxLength: 60,
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    fc.assert(
      fc.property(visible, (value) => {
        const other = wrong(value);
        expect(other).not.toBe(value);
        expect(other).toHaveLength(value.length);
        expect(other).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is never the real one though chance draws every character right", () => {
    const zeros: Random = { bytes: (length) => new Uint8Array(length) };
    for (const value of ["0", "a", "A", "000aaaAAA", "-", "----", "Bearer 000", "sk-live-000"]) {
      expect(wrong(value, zeros)).not.toBe(value);
    }
  });

  it.each([
    ["Bearer abcDEF123", /^Bearer [a-z]{3}[A-Z]{3}\d{3}$/],
    ["sk-live-a1B2c3", /^sk-live-[a-z]\d[A-Z]\d[a-z]\d$/],
    ["ghp_16C7e42F292c6912E7", /^ghp_\d\d[A-Z]\d[a-z]\d\d[A-Z]\d{3}[a-z]\d{4}[A-Z]\d$/],
    ["eyJhbGci.eyJzdWIi.c2ln", /^[a-z]{2}[A-Z][a-z]{2}[A-Z][a-z]{2}\./],
    ["550e8400-e29b-41d4-a716-446655440000", /^\d{3}[a-z]\d{4}-[a-z]\d{2}[a-z]-/],
  ])("of %s keeps its scheme, its prefix and its shape", (value, shape) => {
    expect(wrong(value)).toMatch(shape);
  });

  it("keeps the template of its field", () => {
    const name = "authorization" as HeaderName;
    const call = {
      userHeaders: new Map([[name, new Secret("Token token=abc123; v=1")]]),
      plainNames: new Set<string>(),
      templates: new Map([[name as string, "Token token={value}; v=1"]]),
    };
    expect(wrongValues(call, random).get(name)?.reveal()).toMatch(/^Token token=[a-z]{3}\d{3}; v=1$/);
  });

  it("stands only for what is secret, unless nothing is", () => {
    const [key, region] = ["x-key" as HeaderName, "x-region" as HeaderName];
    const userHeaders = new Map([
      [key, new Secret("abc123")],
      [region, new Secret("eu")],
    ]);
    const wrongOf = (...plain: HeaderName[]) => wrongValues({ userHeaders, plainNames: new Set(plain) }, random);
    expect(wrongOf(region).get(region)?.reveal()).toBe("eu");
    expect(wrongOf(region).get(key)?.reveal()).not.toBe("abc123");
    expect(wrongOf(region, key).get(region)?.reveal()).not.toBe("eu");
  });
});
