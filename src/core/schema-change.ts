import type { HeaderName } from "./header-name.ts";
import type { HeaderField, HeaderSchema } from "./header-schema.ts";
import { inTemplate, isOfFormat, withoutTemplate } from "./value-format.ts";

/**
 * The fields of which a stored value may no longer be what the field expects. Values are sealed, so nobody looks:
 * whoever has a value for such a field gives it again. A change that no stored value can fall foul of affects nobody.
 */
export function affectedNames(before: HeaderSchema, after: HeaderSchema): readonly HeaderName[] {
  const known = new Map(before.map((field) => [field.name, field]));
  // A value of a field that was removed once may still be sealed. Nothing has judged it since.
  return after.filter((field) => !isAsWide(field, known.get(field.name) ?? null)).map(({ name }) => name);
}

/** Whether the format takes every value that the earlier one took; null = that took anything. */
function isAsWide(field: HeaderField, earlier: HeaderField | null): boolean {
  if (isFree(field)) {
    return true;
  }
  if (earlier?.choices) {
    return earlier.choices.every((choice) => isOfField(field, inTemplate(earlier.template, choice)));
  }
  // One pattern cannot be compared with another, so any other is taken to be narrower.
  const isSameTemplate = earlier !== null && earlier.template === field.template;
  return isSameTemplate && field.choices === null && [null, earlier.pattern].includes(field.pattern);
}

/** Whether a header value is one that this field could have made. */
function isOfField(field: HeaderField, headerValue: string): boolean {
  const typed = withoutTemplate(field.template, headerValue);
  return inTemplate(field.template, typed) === headerValue && isOfFormat(field, typed);
}

/**
 * Notes in each field since when its format stands, so that a row is judged by the revision that it was sealed under.
 * @param revision the one that `after` will have
 */
export function datedFormats(before: HeaderSchema, after: HeaderSchema, revision: number): HeaderSchema {
  const affected = new Set(affectedNames(before, after));
  const dates = new Map(before.map((field) => [field.name, field.formatSince]));
  return after.map((field) => ({ ...field, formatSince: sinceWhen(field) }));

  function sinceWhen(field: HeaderField): number | null {
    if (affected.has(field.name)) {
      return revision;
    }
    return isFree(field) ? null : (dates.get(field.name) ?? null);
  }
}

function isFree({ pattern, choices, template }: HeaderField): boolean {
  return pattern === null && choices === null && template === null;
}
