import { KeywardError } from "./errors.ts";
import type { HeaderName } from "./header-name.ts";
import { isPrintable } from "./printable.ts";
import { inTemplate, PLACE, type ValueFormat } from "./value-format.ts";
import { readPattern } from "./value-pattern.ts";

/** The format of a field as the administrator declared it. */
export interface FieldFormat extends ValueFormat {
  /** A sentence that says what the pattern expects, shown when a value is not of it; at most 200 characters. */
  readonly patternHint: string | null;
}

/** null and absent mean the same. */
export type FieldFormatInput = { readonly [K in keyof FieldFormat]?: FieldFormat[K] | undefined };

const MAX_CHOICES = 50;
const MAX_CHOICE = 200;
const MAX_HINT = 200;
const MAX_TEMPLATE = 200;

/** A header value has no outer white space, and no character outside visible ASCII (RFC 9110 section 5.5). */
const VISIBLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** @throws KeywardError `invalid_header_schema`; the message names the field */
export function parseFieldFormat(name: HeaderName, input: FieldFormatInput): FieldFormat {
  const pattern = parsePattern(name, input.pattern ?? null);
  const choices = parseChoices(name, input.choices ?? null);
  const patternHint = parseHint(name, input.patternHint ?? null);
  if (pattern !== null && choices !== null) {
    throw invalid(`${name} has a pattern and choices. Declare one of them.`);
  }
  if (patternHint !== null && pattern === null) {
    throw invalid(`${name} has a hint for a pattern, but no pattern.`);
  }
  return { pattern, patternHint, choices, template: parseTemplate(name, input.template ?? null) };
}

function parsePattern(name: HeaderName, text: string | null): string | null {
  const reading = text === null ? null : readPattern(text);
  if (reading?.kind === "refused") {
    throw invalid(`The pattern of ${name} ${reading.reason}.`);
  }
  return text;
}

function parseHint(name: HeaderName, text: string | null): string | null {
  const hint = text?.trim() ?? "";
  if (hint.length > MAX_HINT || !isPrintable(hint)) {
    throw invalid(`The pattern hint of ${name} is at most ${MAX_HINT} printable characters.`);
  }
  return hint === "" ? null : hint;
}

function parseChoices(name: HeaderName, texts: readonly string[] | null): readonly string[] | null {
  const isFine = (text: string): boolean => text.length <= MAX_CHOICE && VISIBLE.test(text);
  if (texts !== null && (texts.length === 0 || texts.length > MAX_CHOICES || !texts.every(isFine))) {
    throw invalid(
      `The choices of ${name} are 1 to ${MAX_CHOICES} texts of 1 to ${MAX_CHOICE} visible ASCII characters, without outer spaces.`,
    );
  }
  if (texts !== null && new Set(texts).size < texts.length) {
    throw invalid(`The choices of ${name} name one value twice.`);
  }
  return texts;
}

function parseTemplate(name: HeaderName, text: string | null): string | null {
  if (text === null || text === PLACE) {
    return null;
  }
  const isFine = text.length <= MAX_TEMPLATE && text.split(PLACE).length === 2 && VISIBLE.test(inTemplate(text, "x"));
  if (!isFine) {
    throw invalid(
      `The template of ${name} has ${PLACE} exactly once and is at most ${MAX_TEMPLATE} visible ASCII characters, without outer spaces.`,
    );
  }
  return text;
}

function invalid(message: string): KeywardError {
  return new KeywardError("invalid_header_schema", { message });
}
