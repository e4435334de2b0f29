import { validateHeaderValue } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { parseHeaderName } from "./header-name.ts";
import { type HeaderField, parseHeaderSchema } from "./header-schema.ts";
import {
  decodeHeaderValues,
  encodeHeaderValues,
  mergeHeaderValues,
  parseFieldValue,
  parseHeaderValue,
} from "./header-values.ts";

const CANARY = "canary-value";

function errorOf(action: () => unknown): KeywardError {
  try {
    action();
  } catch (error) {
    if (error instanceof KeywardError) {
      return error;
    }
  }
  throw new Error("it was expected to be refused");
}

describe("one typed value", () => {
  it.each([
    ["CR", `${CANARY}\rx`],
    ["LF", `${CANARY}\nx`],
    ["CRLF and a second header", `${CANARY}\r\nx-evil: 1`],
    ["NUL", `${CANARY}\u0000`],
    ["DEL", `${CANARY}\u007f`],
    ["a character that truncates to LF", `${CANARY}\u010a`],
    ["a lone surrogate", `${CANARY}\ud800`],
    ["latin-1", `${CANARY}é`],
    ["8,193 bytes", CANARY.padEnd(8193, "x")],
    ["nothing", ""],
    ["white space", " \t "],
    ["an array", [CANARY]],
    ["an object with toString", { toString: () => `${CANARY}\nx` }],
    ["a number", 7],
    ["null", null],
  ])("A31: refuses %s before any Headers object sees it, and does not repeat it", (_what, value) => {
    const error = errorOf(() => parseHeaderValue("x-key", value));
    expect(error.code).toBe("invalid_header_value");
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain(CANARY);
  });

  it("A31: trims outer spaces and a pasted trailing newline", () => {
    expect(parseHeaderValue("x-key", ` \t${CANARY}\r\n`).reveal()).toBe(CANARY);
  });

  it("A31: takes what RFC 9110, section 5.5, calls a field value of visible characters, and nothing else", () => {
    const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const plain = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const odd = fc.constantFrom(..."\r\n\t\0\u007f\u0080\u00ff\u010a\u010d\ud800\u2028".split(""));
    const text = fc.string({ unit: fc.oneof({ weight: 12, arbitrary: plain }, odd, anyUnit), maxLength: 24 });
    const isVisible = (code: number): boolean => code >= 0x21 && code <= 0x7e;
    fc.assert(
      fc.property(text, (typed) => {
        // A line break at either end comes with what was copied; in between it would begin another header.
        const codes = [...typed.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")].map((unit) => unit.codePointAt(0) ?? 0);
        const isValue = codes.length > 0 && codes.every((code) => isVisible(code) || code === 0x20 || code === 0x09);
        if (!isValue) {
          expect(errorOf(() => parseHeaderValue("x-key", typed)).code).toBe("invalid_header_value");
          return;
        }
        const value = parseHeaderValue("x-key", typed).reveal();
        expect(value).toBe(String.fromCodePoint(...codes));
        // It leaves as it is: neither Node nor fetch refuses, folds or trims anything of it.
        validateHeaderValue("x-key", value);
        expect(new Headers({ "x-key": value }).get("x-key")).toBe(value);
      }),
      { numRuns: 3_000 },
    );
  });

  it("accepts 8,192 bytes and inner spaces", () => {
    expect(parseHeaderValue("x-key", "x".repeat(8192)).reveal()).toHaveLength(8192);
    expect(parseHeaderValue("authorization", "Bearer a b\tc").reveal()).toBe("Bearer a b\tc");
  });
});

describe("a filled form", () => {
  const schema = parseHeaderSchema([{ name: "X-Key" }, { name: "X-Tenant" }, { name: "X-Region", isRequired: false }]);
  const onFile = mergeHeaderValues(schema, { "x-key": "old-key", "x-tenant": "old-tenant" }, new Map());

  function plain(values: ReturnType<typeof mergeHeaderValues>): Record<string, string> {
    return Object.fromEntries([...values].map(([name, value]) => [name, value.reveal()]));
  }

  it("keeps what is on file where the input is blank, and takes what is new", () => {
    const merged = mergeHeaderValues(schema, { "X-KEY": "new-key", "x-tenant": " ", "x-region": "" }, onFile);
    expect(plain(merged)).toEqual({ "x-key": "new-key", "x-tenant": "old-tenant" });
  });

  it("names what is missing", () => {
    const error = errorOf(() => mergeHeaderValues(schema, { "x-region": "eu" }, new Map()));
    expect(error.code).toBe("missing_header_values");
    expect(error.details).toEqual({ fields: ["x-key", "x-tenant"] });
  });

  it("A12: refuses a header that the server does not declare, and one that is sent twice", () => {
    expect(errorOf(() => mergeHeaderValues(schema, { host: "evil" }, onFile)).code).toBe("invalid_header_name");
    expect(errorOf(() => mergeHeaderValues(schema, { "x-key": "a", "X-Key": "b" }, onFile)).code).toBe(
      "invalid_header_name",
    );
  });

  it("A31: refuses more than 16 KB in all", () => {
    const big = { "x-key": "k".repeat(8000), "x-tenant": "t".repeat(8000), "x-region": "r".repeat(8000) };
    expect(errorOf(() => mergeHeaderValues(schema, big, new Map())).code).toBe("invalid_header_value");
  });
});

describe("a value with a format", () => {
  const [key, region, plain] = parseHeaderSchema([
    {
      name: "Authorization",
      template: "Bearer {value}",
      pattern: "sk-[a-z0-9]{4,}",
      patternHint: "It begins with sk-.",
    },
    { name: "X-Region", choices: ["eu", "us east"], template: "region={value};" },
    { name: "X-Plain" },
  ]);
  const typed = (field: HeaderField | undefined, value: unknown) =>
    field === undefined ? expect.fail("no field") : parseFieldValue(field, value).reveal();

  it("is stored and sent in its template", () => {
    expect(typed(key, " sk-abcd\n")).toBe("Bearer sk-abcd");
    expect(typed(region, "us east")).toBe("region=us east;");
    expect(typed(plain, "Bearer x")).toBe("Bearer x");
  });

  it.each(["Bearer sk-abcd", "bearer  sk-abcd", "BEARER\tsk-abcd".replace("\t", " "), " Bearer sk-abcd\r\n"])(
    "is not put in the template twice when it was copied with it: %j",
    (value) => {
      expect(typed(key, value)).toBe("Bearer sk-abcd");
    },
  );

  it("loses the end of its template only together with the beginning", () => {
    expect(typed(region, "region=eu;")).toBe("region=eu;");
    expect(typed(region, "region=eu")).toBe("region=eu;");
    expect(errorOf(() => typed(region, "eu;")).code).toBe("invalid_header_value");
    expect(errorOf(() => typed(region, "Region=eu;")).code).toBe("invalid_header_value");
  });

  it.each([
    ["not of the pattern", key, CANARY],
    ["only partly of the pattern", key, `sk-abcd ${CANARY}`],
    ["none of the choices", region, CANARY],
    ["the template alone", key, "Bearer"],
    ["the template with a space", key, "bearer  "],
    ["longer than a header with its template", plain, CANARY.padEnd(8193, "x")],
  ])("is refused when it is %s, with the hint and without the value", (_what, field, value) => {
    const error = errorOf(() => typed(field, value));
    expect([error.code, error.details]).toEqual(["invalid_header_value", { field: field?.name }]);
    expect(error.message).not.toContain(CANARY);
    if (field === key && value !== "Bearer" && value.trim() !== "bearer")
      expect(error.message).toContain("begins with sk-.");
  });

  it("A31: cannot leave its header by its template, nor grow beyond it", () => {
    for (const value of ["sk-abcd\r\nx-evil: 1", "sk-abcd\u0000", "sk-abcdé"]) {
      expect(errorOf(() => typed(key, value)).code).toBe("invalid_header_value");
    }
    const [long] = parseHeaderSchema([{ name: "x", template: "Bearer {value}" }]);
    expect(errorOf(() => typed(long, "x".repeat(8190))).message).toContain("8192");
  });
});

describe("the sealed bytes", () => {
  const value = fc.stringMatching(/^[!-~]{1,300}$/);

  it("come back as they were, and their length tells only which 256-byte block they end in", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const values = new Map([
          [parseHeaderName("x-b"), parseHeaderValue("x-b", b)],
          [parseHeaderName("x-a"), parseHeaderValue("x-a", a)],
        ]);
        const bytes = encodeHeaderValues(values);
        expect(bytes.length % 256).toBe(0);
        const opened = decodeHeaderValues(bytes);
        expect([...opened].map(([name, secret]) => [name, secret.reveal()])).toEqual([
          ["x-a", a],
          ["x-b", b],
        ]);
      }),
    );
  });

  it("that are not ours are refused without quoting them", () => {
    for (const text of ['{"x":"canary-value"}', "canary-value", '[["x"]]', "[[1,2]]", ""]) {
      const error = errorOf(() => decodeHeaderValues(new TextEncoder().encode(text)));
      expect(error.code).toBe("credential_unreadable");
      expect(error.message + String(error.cause)).not.toContain(CANARY);
    }
  });
});
