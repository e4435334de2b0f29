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

  it("is replaced without the template of its field, of which a server may repeat only what was typed", () => {
    const scrubber = createScrubber({
      staticHeaders: new Map(),
      userHeaders: values("Token token=secret-value; v=1"),
      plainNames: new Set(),
      templates: new Map([["x-0", "Token token={value}; v=1"]]),
    });
    expect(scrubber.scrub("secret-value, or Token token=secret-value; v=1")).toBe(`${MARK}, or ${MARK}`);
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
    ["a word and another", "correct horsebattery", "correct horsebattery"],
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

describe("A38: an injected value in a message that is still text", () => {
  const key = "a+b/c=d<e>'f&\"g\\h";
  const escapes = (text: string, pattern: RegExp, digits: (code: string) => string) =>
    text.replaceAll(pattern, (character) => `\\u00${digits(character.charCodeAt(0).toString(16))}`);
  const json = JSON.stringify(key).slice(1, -1);

  it.each([
    ["as JSON.stringify writes it", json],
    ["as PHP writes it", json.replaceAll("/", "\\/")],
    ["as Go writes it", escapes(json, /[<>&]/g, (code) => code)],
    ["as .NET writes it", escapes(json.replaceAll('\\"', "\\u0022"), /[<>&'+]/g, (code) => code.toUpperCase())],
    ["as a template filter writes it", escapes(json, /[<>&'=]/g, (code) => code)],
    ["with an escape for each character", escapes(key, /[^]/g, (code) => code)],
  ])("is replaced %s, also in JSON inside of strings", (_, written) => {
    for (const depth of [0, 1, 2]) {
      const literal = Array.from({ length: depth }).reduce<string>(
        (text) => JSON.stringify(`{"key":${text}}`),
        `"${written}"`,
      );
      const text = `{"jsonrpc":"2.0","id":7,"result":{"a":[1,${literal}]}}`;
      const scrubber = scrubberOf(key);
      const clean = scrubber.scrubText(text);
      expect([depth, clean.split(MARK).length, scrubber.hits]).toEqual([depth, 2, 1]);
      expect(strings(JSON.parse(clean))).toContain(MARK);
      expect(JSON.parse(clean)).toMatchObject({ id: 7, result: { a: [1, expect.any(String)] } });
    }
  });

  it.each([
    ["base64 by PHP", "????>>>>????>>>", (bytes: Buffer) => bytes.toString("base64").replaceAll("/", "\\/")],
    ["base64 by .NET", "????>>>>????>>>", (bytes: Buffer) => bytes.toString("base64").replaceAll("+", "\\u002B")],
    ["form encoding by .NET", "two words+more", () => "two\\u002Bwords%2Bmore"],
    ["strict URL encoding", "it's (here)!", () => "it%27s%20%28here%29%21"],
  ])("is replaced in %s", (_, value, write) => {
    const clean = scrubberOf(value).scrubText(`["<${write(Buffer.from(value))}>"]`);
    expect(clean).toMatch(/^\["<\[redacted by Keyward\]=*>"\]$/);
  });

  it("is replaced in keys, in each of two equal keys, and where it is a number", () => {
    const scrubber = scrubberOf("1234567890123");
    const text = '{"1234567890123":1, "a":"1234567890123", "a":2, "b":[1234567890123,-1234567890123.5]}';
    expect(scrubber.scrubText(text)).toBe(`{"${MARK}":1, "a":"${MARK}", "a":2, "b":["${MARK}","-${MARK}.5"]}`);
    expect(scrubber.hits).toBe(4);
    expect(scrubberOf("1234567890123").scrub({ b: 1_234_567_890_123 })).toEqual({ b: MARK });
  });

  it("leaves everything around it as it was, byte for byte", () => {
    const rest = '"n":12345678901234567890.10, "u":"\\u00e9\\/\\u003c", "n":1e2 , "x":"a\\\\"';
    const text = `{ ${rest},"k":"secret-value" }`;
    expect(scrubberOf("secret-value").scrubText(text)).toBe(`{ ${rest},"k":"${MARK}" }`);
  });

  it("is no reason to touch text that only looks like it", () => {
    for (const text of [
      '["secret","value"]',
      '"\\nsecret-values"',
      '{"a":"\\u003c\\/","b":"secret\\u002evalue"}',
      "",
      "{",
    ]) {
      expect(scrubberOf("secret-value", '","value"]').scrubText(text)).toBe(text.replace("secret-value", MARK));
    }
    expect(scrubberOf().scrubText('"\\u003c"')).toBe('"\\u003c"');
  });

  it("is gone whatever it is and wherever it stands, and what is left is JSON", () => {
    const visible = fc.string({
      minLength: 8,
      maxLength: 24,
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    const around = fc.string({ maxLength: 6, unit: "binary" });
    fc.assert(
      fc.property(
        visible,
        fc.array(fc.tuple(around, fc.nat(9), around), { maxLength: 6 }),
        fc.array(fc.double({ max: 1, min: 0, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.nat(2),
        (raw, places, draws, depth) => {
          const value = raw.trim().padEnd(8, "x");
          let drawn = 0;
          const isEscaped = () => (draws[drawn++ % draws.length] ?? 0) < 0.3;
          const tree = places.map(([before, kind, after]) =>
            kind < 3 ? { [`${before}${value}${after}`]: kind } : kind < 7 ? [`${before}${value}${after}`] : before,
          );
          // Around JSON in strings, no encoder writes escapes for what an inner escape is made of.
          let text = escapedAtRandom(JSON.stringify(tree), isEscaped, /[^]/);
          for (let level = 0; level < depth; level += 1)
            text = escapedAtRandom(JSON.stringify([text]), isEscaped, /[^\\\w]/);
          const clean = scrubberOf(value).scrubText(text);
          const parsed: unknown = JSON.parse(clean);
          expect(parsed).toEqual(scrubberOf(value).scrub(JSON.parse(text)));
          for (const said of strings(parsed)) expect(said).not.toContain(value);
          expect(scrubberOf(value).scrubText(clean)).toBe(clean);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The same JSON with some of its strings' characters, among those of a pattern, written as escapes. */
function escapedAtRandom(json: string, isChosen: () => boolean, written: RegExp): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"/g, (literal) =>
    literal
      .slice(1, -1)
      .replaceAll(/\\u[0-9a-f]{4}|\\.|[^]/g, (part) => {
        if (!isChosen() || part.length === 6) return part;
        const character = part.length === 2 ? (JSON.parse(`"${part}"`) as string) : part;
        if (!written.test(character)) return part;
        return character === "/" ? "\\/" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
      })
      .replace(/^[^]*$/, (body) => `"${body}"`),
  );
}

/** All strings of a value, and all strings of those that are JSON themselves. */
function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value, ...strings(parsedOrNull(value))];
  if (typeof value !== "object" || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(strings)];
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
