import type { HeaderField, HeaderSchema } from "./header-schema.ts";

/**
 * Whether a form that was opened before an edit of the schema still asks for what is asked for now: an edit of words or
 * order, a new optional field and a field that is required no more leave people typing. Values that are being verified
 * are as good as before, too.
 */
export function keepsOpenForms(before: HeaderSchema, after: HeaderSchema): boolean {
  const now = new Map(after.map((field) => [field.name, field]));
  const known = new Set(before.map(({ name }) => name));
  return (
    before.every((field) => isStillAnswered(field, now.get(field.name))) &&
    after.every(({ name, isRequired }) => known.has(name) || !isRequired)
  );
}

function isStillAnswered(asked: HeaderField, now: HeaderField | undefined): boolean {
  return now !== undefined && meaningOf(asked) === meaningOf(now) && (asked.isRequired || !now.isRequired);
}

/** Whoever was told that a value is hidden did not type it to be shown. */
function meaningOf({ isSecret, pattern, choices, template }: HeaderField): string {
  return JSON.stringify([isSecret, pattern, choices, template]);
}
