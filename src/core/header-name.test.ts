import { validateHeaderName } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { parseHeaderName } from "./header-name.ts";
import { parseHeaderSchema } from "./header-schema.ts";

const RESERVED = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "http2-settings",
  "proxy-authorization",
  "proxy-connection",
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-param-region",
  "last-event-id",
  "accept",
  "content-type",
  "content-encoding",
  "accept-encoding",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-real-ip",
  "via",
  "origin",
  "referer",
  "sec-fetch-site",
  "cf-connecting-ip",
  "traceparent",
  "tracestate",
  "baggage",
  "cookie",
  "set-cookie",
  "keyward-session",
];

describe("header names", () => {
  it.each(RESERVED)("A32: refuses the reserved name %s in any case", (name) => {
    for (const spelling of [name, name.toUpperCase(), name.replace(/^./, (first) => first.toUpperCase())]) {
      expect(() => parseHeaderName(spelling)).toThrow(KeywardError);
    }
  });

  it.each([
    ["a space", "x api"],
    ["an outer space", " x-api"],
    ["a colon", "x-api:"],
    ["a line break", "x-api\r\nhost"],
    ["NUL", "x\u0000"],
    ["an underscore twin", "x_api_key"],
    ["a prototype name, which has underscores", "__proto__"],
    ["a letter outside ASCII", "x-ąpi"],
    ["65 characters", "x".repeat(65)],
    ["nothing", ""],
  ])("A32: refuses a name with %s", (_what, name) => {
    expect(() => parseHeaderName(name)).toThrow(KeywardError);
  });

  it("A32: takes `constructor` for an ordinary name and looks nothing up on a prototype", () => {
    expect(parseHeaderName("Constructor")).toBe("constructor");
  });

  it("A32: refuses two names that differ by case only", () => {
    expect(() => parseHeaderSchema([{ name: "X-Key" }, { name: "x-key" }])).toThrow(/declared twice/);
  });

  it("accepts the names that servers use, lower-cased", () => {
    for (const name of ["Authorization", "X-API-Key", "PRIVATE-TOKEN", "x-tenant-id"]) {
      expect(parseHeaderName(name)).toBe(name.toLowerCase());
    }
  });

  /** `tchar` of RFC 9110, section 5.6.2, written out. */
  const TCHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
  const SEPARATORS = ' :_\r\n\t\0\u007f\u00e9\u010a()<>@,;\\"/[]?={}'.split("");

  function accepts(name: string): boolean {
    try {
      parseHeaderName(name);
      return true;
    } catch {
      return false;
    }
  }

  const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const likelyUnit = fc.constantFrom(...TCHARS, ...SEPARATORS);

  it("A32: takes nothing that is no token of RFC 9110, and nothing that Node would not send", () => {
    const text = fc.string({ unit: fc.oneof(likelyUnit, likelyUnit, anyUnit), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, (name) => {
        const isToken = name.split("").every((character) => TCHARS.includes(character)) && !name.includes("_");
        // Too short for any of the names that are reserved as a whole, but for these.
        fc.pre(!/^(?:te|via|host|cf-.*|sec-.*)$/i.test(name));
        expect([name, accepts(name)]).toEqual([name, isToken]);
        if (isToken) {
          validateHeaderName(name);
          expect(parseHeaderName(name)).toBe(name.toLowerCase());
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("A32: refuses a reserved name however its letters are cased, and one with anything behind a reserved beginning", () => {
    const cased = (name: string): fc.Arbitrary<string> =>
      fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) =>
        name
          .split("")
          .map((letter, index) => (upper[index] ? letter.toUpperCase() : letter))
          .join(""),
      );
    const beginning = fc.constantFrom("proxy-", "mcp-param-", "x-forwarded-", "sec-", "cf-").chain(cased);
    const behind = fc.string({ unit: fc.constantFrom(..."abcXYZ019-.".split("")), maxLength: 20 });
    const reserved = fc.oneof(
      fc.constantFrom(...RESERVED).chain(cased),
      fc.tuple(beginning, behind).map(([one, other]) => one + other),
    );
    fc.assert(
      fc.property(reserved, (name) => {
        expect([name, accepts(name)]).toEqual([name, false]);
      }),
    );
  });
});
