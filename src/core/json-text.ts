/*
 * JSON text is edited in place where a message only passes: parsing and writing it anew would round integers beyond 2^53
 * and cost more than the edit. Everything here expects text that `JSON.parse` has accepted.
 */

/** Where the value of a member stands: `text.slice(start, end)`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The members of one object in valid JSON text. */
export interface MemberSpans {
  readonly members: ReadonlyMap<string, Span>;
  /** A name stands twice: parsers differ in which of the two they believe. */
  readonly isAmbiguous: boolean;
}

/**
 * Finds the direct members of an object.
 * @param text valid JSON
 * @param at where the object begins; white space before it is passed over
 */
export function memberSpans(text: string, at = 0): MemberSpans {
  const members = new Map<string, Span>();
  let isAmbiguous = false;
  let position = skipSpace(text, at) + 1;
  for (;;) {
    position = skipSpace(text, position);
    const code = text.charCodeAt(position);
    if (code === COMMA) {
      position += 1;
      continue;
    }
    if (code !== QUOTE) {
      return { members, isAmbiguous };
    }
    const nameEnd = stringEnd(text, position);
    const name = nameOf(text, position, nameEnd);
    position = skipSpace(text, nameEnd);
    // The colon; valid text has nothing else here.
    const start = skipSpace(text, text.charCodeAt(position) === COLON ? position + 1 : position);
    const end = valueEnd(text, start);
    isAmbiguous ||= members.has(name);
    members.set(name, { start, end });
    position = end;
  }
}

/** The text of a member's value; null when there is no such member. */
export function memberText(text: string, { members }: MemberSpans, name: string): string | null {
  const span = members.get(name);
  return span === undefined ? null : text.slice(span.start, span.end);
}

/**
 * Replaces the value of a member, or adds the member.
 * @param text valid JSON of one object; @param spans its own
 * @param value JSON text
 */
export function withMember(text: string, { members }: MemberSpans, name: string, value: string): string {
  const span = members.get(name);
  if (span !== undefined) {
    return text.slice(0, span.start) + value + text.slice(span.end);
  }
  const open = skipSpace(text, 0) + 1;
  return `${text.slice(0, open)}${JSON.stringify(name)}:${value}${members.size === 0 ? "" : ","}${text.slice(open)}`;
}

/** Takes a member out. @param text valid JSON of one object */
export function withoutMember(text: string, name: string): string {
  const { members } = memberSpans(text);
  if (!members.has(name)) {
    return text;
  }
  const rest = [...members].filter(([other]) => other !== name);
  return `{${rest.map(([other, { start, end }]) => `${JSON.stringify(other)}:${text.slice(start, end)}`).join(",")}}`;
}

function nameOf(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : raw;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

/** @returns the position behind the closing quote */
function stringEnd(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at === -1) {
      return text.length;
    }
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) {
      return at + 1;
    }
  }
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) {
    return stringEnd(text, start);
  }
  return first === OPEN_BRACE || first === OPEN_BRACKET ? nestedEnd(text, start) : scalarEnd(text, start);
}

function nestedEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}

function scalarEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) break;
    at += 1;
  }
  return at;
}
