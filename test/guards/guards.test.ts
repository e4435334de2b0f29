import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSourceFiles } from "../source-code/source-file.ts";
import { testTitlesOf } from "../source-code/test-titles.ts";
import { GUARDS } from "./guards.ts";

/* The list itself. That each test fails without its guard is seen by `npm run test:guards`, which takes minutes. */

const ROOT = new URL("../../", import.meta.url);
const tests = new Map([...readSourceFiles("src"), ...readSourceFiles("test")].map((file) => [file.path, file]));

describe("a guard:", () => {
  it.each(GUARDS)("$what: stands in its source exactly once", ({ source, guard, without }) => {
    expect(readFileSync(new URL(source, ROOT), "utf8").split(guard)).toHaveLength(2);
    expect(without).not.toContain(guard);
  });

  it.each(GUARDS)("$what: its case has a test where the list says so", ({ abuseCase, test }) => {
    const file = tests.get(test);
    const titles = file === undefined ? [] : testTitlesOf(file).map(({ title }) => title);
    expect(titles.some((title) => new RegExp(`\\b${abuseCase}\\b`).test(title))).toBe(true);
  });
});
