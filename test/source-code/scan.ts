/**
 * A scanner for TypeScript that tells code from comments, strings, templates and regular expressions: just enough for
 * the checks of this folder's users, because TypeScript 7 has no JavaScript API to ask.
 */

/** A string or template literal: where its content starts in the file, and the content without its quotes. */
export interface Literal {
  readonly start: number;
  readonly content: string;
}

export interface ScannedSource {
  /** The text with the content of comments, strings, templates and regular expressions blanked; offsets are kept. */
  readonly code: string;
  readonly literals: readonly Literal[];
}

// A slash after one of these divides; after anything else it starts a regular expression.
const ENDS_AN_OPERAND = /(?:[\w$)\]}]|\+\+|--)$/;
const KEYWORD_BEFORE_REGEXP = /(?:^|[^.\w$])(?:return|typeof|case|in|of|do|else|void|throw|await|yield|delete)$/;
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ");

export function scan(text: string): ScannedSource {
  const literals: Literal[] = [];
  // Depths of `{` at which a template's `${` has to be closed; the innermost is last.
  const openTemplates: number[] = [];
  let code = "";
  let depth = 0;
  let at = 0;

  const skipTo = (end: number): void => {
    code += blank(text.slice(at, end));
    at = end;
  };
  const keep = (length: number): void => {
    code += text.slice(at, at + length);
    at += length;
  };
  const literalTo = (end: number): void => {
    literals.push({ start: at, content: text.slice(at, end) });
    skipTo(end);
  };
  /** From inside a template to its end, or to the `${` that interrupts it. */
  const template = (): void => {
    const end = endOfLiteral(text, at, "`");
    literalTo(end);
    if (text[at] === "$") {
      openTemplates.push(depth);
      depth += 1;
      keep(2);
    } else {
      keep(1);
    }
  };

  while (at < text.length) {
    const char = text[at] ?? "";
    if (text.startsWith("//", at) || (at === 0 && text.startsWith("#!"))) {
      skipTo(endOr(text, text.indexOf("\n", at)));
    } else if (text.startsWith("/*", at)) {
      skipTo(endOr(text, text.indexOf("*/", at + 2), 2));
    } else if (char === '"' || char === "'") {
      keep(1);
      literalTo(endOfLiteral(text, at, char));
      keep(1);
    } else if (char === "`") {
      keep(1);
      template();
    } else if (char === "}" && openTemplates.at(-1) === depth - 1) {
      openTemplates.pop();
      depth -= 1;
      keep(1);
      template();
    } else if (char === "/" && startsRegExp(code)) {
      REGEXP.lastIndex = at;
      const match = REGEXP.exec(text);
      if (match === null) keep(1);
      else skipTo(at + match[0].length);
    } else {
      depth += char === "{" ? 1 : char === "}" ? -1 : 0;
      keep(1);
    }
  }
  return { code, literals };
}

function endOr(text: string, index: number, length = 0): number {
  return index === -1 ? text.length : index + length;
}

function endOfLiteral(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") {
      at += 1;
    } else if (text[at] === quote || (quote === "`" && text.startsWith("${", at))) {
      return at;
    }
  }
  return text.length;
}

function startsRegExp(codeBefore: string): boolean {
  const before = codeBefore.slice(-80).trimEnd();
  return !ENDS_AN_OPERAND.test(before) || KEYWORD_BEFORE_REGEXP.test(before);
}
