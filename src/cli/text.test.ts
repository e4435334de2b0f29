import { expect, it } from "vitest";
import { cell, counted, factsList, shortened, table, when } from "./text.ts";
import { parseDuration, parseInstant } from "./time-text.ts";

it("a table has aligned columns, no trailing spaces, and a sentence when it is empty", () => {
  expect(
    table(
      ["a", "long"],
      [
        ["xyz", "1"],
        ["", "2"],
      ],
      "None.",
    ),
  ).toBe("A    LONG\nxyz  1\n     2\n");
  expect(table(["a"], [], "None.")).toBe("None.\n");
});

it("a cell that is too long ends with an ellipsis, and one that just fits does not", () => {
  expect(cell("x".repeat(200))).toBe("x".repeat(200));
  expect(cell("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
});

it("facts have aligned names", () => {
  expect(
    factsList([
      ["a", "1"],
      ["long", ""],
    ]),
  ).toBe("a     1\nlong\n");
});

it("a time that is none, or beyond the calendar, is a dash", () => {
  expect(when(Date.UTC(2027, 0, 2, 3, 4))).toBe("2027-01-02 03:04Z");
  for (const ms of [null, Number.NaN, Infinity, 9e15]) expect(when(ms)).toBe("-");
});

it("a shortened token can be recognised and not used", () => {
  expect(shortened("kw_AbCdEfGhIjKlMnOpQr")).toBe("kw_AbCd…");
  expect(shortened("kws_AbCdEfGhIjKlMnOpQr")).toBe("kws_AbCd…");
});

it("one is singular", () => {
  expect([counted(1, "link"), counted(0, "link"), counted(2, "entry", "entries")]).toEqual([
    "1 link",
    "0 links",
    "2 entries",
  ]);
});

it.each([
  ["15m", 900_000],
  ["24h", 86_400_000],
  ["90d", 7_776_000_000],
  ["0d", null],
  ["1w", null],
  ["-1d", null],
  ["1.5h", null],
  ["", null],
])("the duration %j is %j milliseconds", (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

it.each([
  ["2027-01-31", Date.UTC(2027, 0, 31)],
  ["2027-01-31T12:00Z", Date.UTC(2027, 0, 31, 12)],
  ["2027-01-31T12:00:00+02:00", Date.UTC(2027, 0, 31, 10)],
  ["2027-01-31T12:00:00", null],
  ["2027-13-01", null],
  ["tomorrow", null],
])("the time %j is %j", (text, expected) => {
  expect(parseInstant(text)).toBe(expected);
});
