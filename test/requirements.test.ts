import { expect, it } from "vitest";
import { ABUSE_CASES, PROMISES } from "./requirements.ts";
import { readSourceFiles, sourceFile, type SourceFile } from "./source-code/source-file.ts";
import { testTitlesOf } from "./source-code/test-titles.ts";

interface Citation {
  readonly id: string;
  readonly place: string;
}

// Suites that adapters share have titles too, so everything in test/ is read, not only its *.test.ts files.
const testFiles = [
  ...readSourceFiles("test").filter((file) => file.path !== "test/requirements.test.ts"),
  ...readSourceFiles("src").filter((file) => file.path.endsWith(".test.ts")),
];

const known = new Set([...Object.keys(PROMISES), ...Object.keys(ABUSE_CASES)]);

function citationsIn(files: readonly SourceFile[]): Citation[] {
  return files
    .flatMap(testTitlesOf)
    .flatMap(({ title, place }) => (title.match(/\b(?:A\d{2}|P\d{1,2})\b/g) ?? []).map((id) => ({ id, place })));
}

function uncited(citations: readonly Citation[]): string[] {
  return Object.entries(ABUSE_CASES)
    .filter(([id]) => citations.every((citation) => citation.id !== id))
    .map(([id, { sentence }]) => `${id} is cited by no test title: ${sentence}`);
}

function unknown(citations: readonly Citation[]): string[] {
  return citations.filter(({ id }) => !known.has(id)).map(({ id, place }) => `${place} cites the unknown ${id}`);
}

it("reads the ids that a title cites", () => {
  const file = sourceFile("a.test.ts", `it("A04, A05 and P7: one answer", f);\ntest("A99 B12 XA10 A100", f); // A06`);
  expect(citationsIn([file])).toEqual([
    { id: "A04", place: "a.test.ts:1" },
    { id: "A05", place: "a.test.ts:1" },
    { id: "P7", place: "a.test.ts:1" },
    { id: "A99", place: "a.test.ts:2" },
  ]);
  expect(unknown(citationsIn([file]))).toEqual(["a.test.ts:2 cites the unknown A99"]);
  expect(uncited(citationsIn([file])).some((message) => message.startsWith("A04"))).toBe(false);
});

it("every abuse case is cited by a test title", () => {
  expect(uncited(citationsIn(testFiles))).toEqual([]);
});

it("every id in a test title is known", () => {
  expect(unknown(citationsIn(testFiles))).toEqual([]);
});
