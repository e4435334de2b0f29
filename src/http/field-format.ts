import type { FieldFormat } from "../core/field-format.ts";

/** The format of a field, for whoever declares it and whoever fills it. */
export function showFormat({ pattern, patternHint, choices, template }: FieldFormat): {
  pattern: string | null;
  pattern_hint: string | null;
  choices: string[] | null;
  template: string | null;
} {
  return { pattern, pattern_hint: patternHint, choices: choices === null ? null : [...choices], template };
}
