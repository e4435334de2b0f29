import { placeOf, type SourceFile } from "./source-file.ts";

export interface TestTitle {
  readonly title: string;
  readonly place: string;
}

const CALL = /(?<![.\w$#])(?:it|test|describe)\b(?:\s*\.\s*\w+)*\s*\(/g;
const ANOTHER_CALL = /\s*\(/y;
const QUOTE = /\s*["'`]/y;

/** The titles of `it`, `test` and `describe`, with modifiers (`it.fails(`, `it.each(table)(`, `describe.skipIf(x)(`). */
export function testTitlesOf(file: SourceFile): TestTitle[] {
  return [...file.code.matchAll(CALL)].flatMap((match) => {
    const start = startOfTitle(file.code, match.index + match[0].length);
    const literal = file.literals.find((candidate) => candidate.start === start);
    return literal === undefined ? [] : { title: literal.content, place: placeOf(file, match.index) };
  });
}

/** Where the first argument's literal starts. The arguments of a modifier, which come first, are passed over. */
function startOfTitle(code: string, afterBracket: number): number | undefined {
  const quoteEnd = endOfMatch(QUOTE, code, afterBracket);
  if (quoteEnd !== undefined) return quoteEnd;
  const nextCall = endOfMatch(ANOTHER_CALL, code, pastClosingBracket(code, afterBracket));
  return nextCall === undefined ? undefined : startOfTitle(code, nextCall);
}

function endOfMatch(sticky: RegExp, code: string, from: number): number | undefined {
  sticky.lastIndex = from;
  return sticky.test(code) ? sticky.lastIndex : undefined;
}

function pastClosingBracket(code: string, afterBracket: number): number {
  let depth = 1;
  let at = afterBracket;
  for (; at < code.length && depth > 0; at += 1) {
    if ("([{".includes(code.charAt(at))) depth += 1;
    if (")]}".includes(code.charAt(at))) depth -= 1;
  }
  return at;
}
