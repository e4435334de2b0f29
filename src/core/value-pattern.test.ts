import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPattern } from "./value-pattern.ts";

function matches(source: string, text: string): boolean {
  const reading = readPattern(source);
  return reading.kind === "pattern" ? reading.matches(text) : expect.fail(`${source} ${reading.reason}`);
}

/** Patterns of everything that is known here. */
const patterns = fc.letrec<Record<"atom" | "repeated" | "sequence" | "options", string>>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom("a", "b", "0", "-", " ", ".", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\.", "\\-", "\\$"),
    fc.constantFrom("[ab]", "[^a]", "[a-c0-9]", "[-a]", "[a-]", "[\\d-]", "[^\\s]", "[.$^]", "[\\]a]"),
    tie("options").map((inside) => `(${inside})`),
    tie("options").map((inside) => `(?:${inside})`),
  ),
  repeated: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}"))
    .map((parts) => parts.join("")),
  sequence: fc.array(tie("repeated"), { maxLength: 4 }).map((parts) => parts.join("")),
  options: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((options) => options.join("|")),
}));
const texts = fc.array(fc.constantFrom("a", "b", "c", "0", "-", " ", ".", "$", "\t"), { maxLength: 6 });

/** The language's own engine must come to an end with it. */
function isModest(source: string): boolean {
  return (source.match(/[*+?{]/g) ?? []).length <= 6 && readPattern(source).kind === "pattern";
}

describe("a pattern", () => {
  it("means what it means in the language, for the whole text", () => {
    fc.assert(
      fc.property(patterns.options, fc.array(texts, { minLength: 6, maxLength: 6 }), (source, samples) => {
        fc.pre(isModest(source));
        const own = new RegExp(`^(?:${source})$`);
        for (const text of samples.map((characters) => characters.join(""))) {
          expect(matches(source, text), `${source} and ${text}`).toBe(own.test(text));
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["sk-[A-Za-z0-9]{32}", `sk-${"a1".repeat(16)}`, `sk-${"a1".repeat(15)}`],
    ["^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "123e4567-e89b-12d3-a456-426614174000", "123e4567"],
    ["eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*", "eyJh.eyJz.c2ln", "eyJh.eyJz"],
    ["(ghp|gho)_\\w+|github_pat_\\w+", "github_pat_1", "ghx_1"],
    ["a|$", "", "b"],
  ])("%s takes %s and not %s", (source, good, bad) => {
    expect(matches(source, good)).toBe(true);
    expect(matches(source, bad)).toBe(false);
    expect(matches(source, `${good}\n`)).toBe(false);
  });

  it("never takes a character outside ASCII", () => {
    expect(
      [".", "[^a]", "\\D", "\\W", "\\S"].filter((source) => matches(source, "é") || matches(source, "a\u0301")),
    ).toEqual([]);
  });

  it.each([
    "",
    "x".repeat(501),
    "schlüssel",
    "a\nb",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(?<name>a)",
    "(?i:a)",
    "(a)\\1",
    "\\bword",
    "\\u0041",
    "\\x41",
    "\\p{L}",
    "\\",
    "a*?",
    "a**",
    "a{2}{3}",
    "*a",
    "|+",
    "a{",
    "a{,3}",
    "a{3,2}",
    "a{1001}",
    "a{1,1001}",
    "a}",
    "a]",
    "[a",
    "[]",
    "[^]",
    "[z-a]",
    "[a-\\d]",
    "[\\w-z]",
    "(a",
    "a)",
    "a^b",
    "a$b",
    "$a",
  ])("%j is refused with a reason that quotes nothing of it", (source) => {
    const reading = readPattern(source);
    expect(reading.kind).toBe("refused");
    if (reading.kind === "refused" && source.length > 4) expect(reading.reason).not.toContain(source);
  });

  it.each(["a{1000}{2}", "(a{1000}){1000}", "((((a{900}){900}){900}){900}){900}", `(${"|".repeat(300)}){1000}`])(
    "%s is refused at once: it would be too large",
    (source) => {
      expect(readPattern(source).kind).toBe("refused");
    },
  );

  it("that repeats nothing a billion times is read at once", () => {
    expect(matches("(((){1000}){1000}){1000}a", "a")).toBe(true);
  });
});

describe("a pattern made to run for ever", () => {
  const HOSTILE = [
    "(a+)+b",
    "(a*)*b",
    "(a|a)*b",
    "(a|aa)+b",
    "(.*)*b",
    "(a?){300}a{300}b",
    "a*a*a*a*a*a*a*b",
    "(\\w+\\s?)*b",
  ];

  it.each(HOSTILE)("%s judges the longest value in less than a second", (source) => {
    const value = "a".repeat(8192);
    const from = performance.now();
    expect(matches(source, value)).toBe(false);
    expect(performance.now() - from).toBeLessThan(1000);
  });

  it("costs no more than in proportion to the value", () => {
    const time = (length: number): number => {
      const value = "a".repeat(length);
      const from = performance.now();
      matches("(a|aa|aaa)*(a*)*b", value);
      return performance.now() - from;
    };
    time(1000);
    const [short, long] = [time(20_000), time(160_000)];
    expect(long).toBeLessThan(Math.max(short, 5) * 40);
  });
});
