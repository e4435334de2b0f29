import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeaderName } from "../core/header-name.ts";
import type { HeaderValues } from "../core/header-values.ts";
import { Secret } from "../core/secret.ts";
import { createScrubber, type Scrubber } from "./scrub.ts";

function values(...list: readonly string[]): HeaderValues {
  return new Map(list.map((value, at) => [`x-${at}` as HeaderName, new Secret(value)]));
}

function scrubberOf(...list: readonly string[]): Scrubber {
  return createScrubber({ staticHeaders: new Map(), userHeaders: values(...list), plainNames: new Set() });
}

const MARK = "[redacted by Keyward]";

describe("A38: an injected value", () => {
  it("is replaced wherever it stands, in object keys too, and counted", () => {
    const scrubber = scrubberOf("secret-value");
    expect(scrubber.scrub({ a: ["x secret-value y"], "secret-value": { b: "secret-valuesecret-value" } })).toEqual({
      a: [`x ${MARK} y`],
      [MARK]: { b: MARK + MARK },
    });
    expect(scrubber.hits).toBe(4);
  });

  it("is replaced when it is static", () => {
    const scrubber = createScrubber({
      staticHeaders: values("static-secret"),
      userHeaders: new Map(),
      plainNames: new Set(),
    });
    expect(scrubber.scrub("static-secret")).toBe(MARK);
  });

  it("stays when its field is declared to be no secret: a tenant's results are full of the tenant's name", () => {
    const userHeaders = values("secret-value", "acme-corporation");
    const scrubber = createScrubber({ staticHeaders: new Map(), userHeaders, plainNames: new Set(["x-1"]) });
    expect(scrubber.scrub("secret-value of acme-corporation")).toBe(`${MARK} of acme-corporation`);
  });

  it.each([
    ["URL-encoded", 'a&b"c d/e+f', encodeURIComponent('a&b"c d/e+f')],
    ["URL-encoded in lower case", "a&b/c+d=e", "a%26b%2fc%2bd%3de"],
    ["form-encoded", "two words here", "two+words+here"],
    ["JSON-escaped", 'a"b\\c"defg', 'a\\"b\\\\c\\"defg'],
    ["JSON-escaped by PHP", "a/b/c/d/e/f", "a\\/b\\/c\\/d\\/e\\/f"],
    ["in hexadecimal", "secret-value", Buffer.from("secret-value").toString("hex")],
    ["in upper-case hexadecimal", "secret-value", Buffer.from("secret-value").toString("hex").toUpperCase()],
    ["without its scheme", "Bearer secret-token", "secret-token"],
    ["as the password of Basic", `Basic ${Buffer.from("alice:pass-word-1").toString("base64")}`, "pass-word-1"],
    ["as the pair of Basic", `Basic ${Buffer.from("alice:pass-word-1").toString("base64")}`, "alice:pass-word-1"],
  ])("is replaced when it is %s", (_, value, form) => {
    expect(scrubberOf(value).scrub(`<${form}>`)).toBe(`<${MARK}>`);
  });

  it("is gone from any base64 that holds it", () => {
    const printable = fc.string({
      minLength: 12,
      maxLength: 40,
      unit: fc.constantFrom(...Array.from("abcXYZ019-_+/=.")),
    });
    fc.assert(
      fc.property(
        printable,
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (value, before, after) => {
          const bytes = Buffer.concat([before, Buffer.from(value), after]);
          for (const encoding of ["base64", "base64url"] as const) {
            const scrubber = scrubberOf(value);
            scrubber.scrub(bytes.toString(encoding));
            expect(scrubber.hits).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it("is gone whatever JSON it stands in", () => {
    const secret = 'k"\\/é'.replace("é", "e") + "0123456789";
    const leaf = fc.oneof(fc.string(), fc.constant(secret), fc.constant(`<${secret}>`), fc.integer());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constant(secret), fc.constant("__proto__")), tie("tree"), {
          maxKeys: 4,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(scrubberOf(secret).scrub(value));
        expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });

  it("that is shorter than 8 characters is left alone", () => {
    expect(scrubberOf("1234567").scrub("1234567")).toBe("1234567");
    expect(scrubberOf("12345678").scrub("12345678")).toBe(MARK);
  });

  it("is replaced whole when another one begins it", () => {
    expect(scrubberOf("secret-value", "secret-value-and-more").scrub("secret-value-and-more")).toBe(MARK);
  });

  it("is text and no pattern", () => {
    expect(scrubberOf("a.c(d|e)*[f]$").scrub("axcddee a.c(d|e)*[f]$")).toBe(`axcddee ${MARK}`);
  });
});

describe("what holds no value", () => {
  it("comes back as the very same object", () => {
    const value = { a: [1, "two", null, { b: true }] };
    expect(scrubberOf("secret-value").scrub(value)).toBe(value);
    expect(scrubberOf("secret-value").scrub(value.a)).toBe(value.a);
    expect(scrubberOf().scrub(value)).toBe(value);
  });

  it("keeps a key named __proto__ as a key", () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"x":"secret-value"}}');
    const clean = scrubberOf("secret-value").scrub(hostile);
    expect(JSON.stringify(clean)).toBe(`{"__proto__":{"x":"${MARK}"}}`);
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  });
});
