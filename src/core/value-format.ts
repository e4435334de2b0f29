import { readPattern } from "./value-pattern.ts";

/*
 * What the value of a field looks like. The connect page runs this file too, so that it says before the submission what
 * the gateway would say after it.
 */

/** Of pattern and choices at most one is set. null = nothing is said. */
export interface ValueFormat {
  /** A regular expression that the whole typed value must match, see `readPattern`. */
  readonly pattern: string | null;
  /** The only values there are. */
  readonly choices: readonly string[] | null;
  /** The header value with `{value}` where the typed value goes: `Bearer {value}`. */
  readonly template: string | null;
}

export const PLACE = "{value}";

/** What stands before and after the typed value. */
export function aroundValue(template: string | null): readonly [before: string, after: string] {
  const [before = "", after = ""] = (template ?? PLACE).split(PLACE);
  return [before, after];
}

/**
 * People copy `Bearer abc` whole. Taken as it is, it would leave as `Bearer Bearer abc`.
 * @param typed without outer white space
 * @returns the value alone, where the template was typed with it; else what was typed. Empty when nothing else was typed
 */
export function withoutTemplate(template: string | null, typed: string): string {
  const [before, after] = aroundValue(template);
  // An authentication scheme is the same in any letter case (RFC 9110 section 11.1); a prefix such as `sk-` is not.
  const isScheme = before.endsWith(" ");
  const fold = (text: string): string => (isScheme ? text.toLowerCase() : text);
  if (isScheme && fold(typed) === fold(before.trimEnd())) return "";
  if (!fold(typed).startsWith(fold(before))) return typed;
  const value = typed.slice(before.length);
  return (value.endsWith(after) ? value.slice(0, value.length - after.length) : value).trim();
}

export function inTemplate(template: string | null, value: string): string {
  const [before, after] = aroundValue(template);
  return before + value + after;
}

/**
 * @param value what was typed, without the template
 * @returns also true when the pattern cannot be read: it was judged when it was declared, so a page that does not know
 *   it is older than its gateway, which judges again
 */
export function isOfFormat({ pattern, choices }: ValueFormat, value: string): boolean {
  const reading = pattern === null ? null : readPattern(pattern);
  const isOfPattern = reading?.kind !== "pattern" || reading.matches(value);
  return isOfPattern && (choices?.includes(value) ?? true);
}
