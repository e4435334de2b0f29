import { isKeywardError } from "../../../../src/core/errors.ts";
import { parseHeaderName } from "../../../../src/core/header-name.ts";

/** One header of the administrator's own, while it is typed. */
export interface StaticHeader {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

let lastKey = 0;

export function staticHeader(name = ""): StaticHeader {
  lastKey += 1;
  return { key: lastKey, name, value: "" };
}

export interface StaticProblem {
  readonly name?: string;
  readonly value?: string;
}

/** By key of the header. @param taken lower-case names that people supply themselves */
export function staticProblems(
  headers: readonly StaticHeader[],
  taken: readonly string[] = [],
): ReadonlyMap<number, StaticProblem> {
  const seen = new Set(taken.map((name) => name.toLowerCase()));
  const found = new Map<number, StaticProblem>();
  for (const { key, name, value } of headers) {
    const folded = name.trim().toLowerCase();
    const nameProblem = seen.has(folded) ? "Another header or field has this name." : nameProblemOf(name.trim());
    seen.add(folded);
    const valueProblem = valueProblemOf(value);
    if (nameProblem === undefined && valueProblem === undefined) continue;
    found.set(key, { ...(nameProblem && { name: nameProblem }), ...(valueProblem && { value: valueProblem }) });
  }
  return found;
}

function nameProblemOf(name: string): string | undefined {
  if (name === "") return "Enter the name of the header.";
  try {
    parseHeaderName(name);
    return undefined;
  } catch (error) {
    if (isKeywardError(error)) return error.message;
    throw error;
  }
}

function valueProblemOf(value: string): string | undefined {
  if (value.trim() === "") return "Enter its value.";
  return /^[\x20-\x7e\t]{1,8192}$/.test(value)
    ? undefined
    : "A header cannot carry this: it is too long, or not plain ASCII.";
}

/** As the API takes them. */
export function staticValues(headers: readonly StaticHeader[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name.trim(), value.trim()]));
}
