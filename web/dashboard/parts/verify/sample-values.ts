import { isOfFormat, withoutTemplate } from "../../../../src/core/value-format.ts";
import type { HeaderField } from "../../app/admin-shapes.ts";

/** Header name to what is typed for it. */
export type Sample = Readonly<Record<string, string>>;

/** One sentence for each value that the gateway would not take, by header name. */
export function sampleProblems(fields: readonly HeaderField[], sample: Sample): Readonly<Record<string, string>> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const problem = problemOf(field, (sample[field.name] ?? "").trim());
      return problem === null ? [] : [[field.name, problem]];
    }),
  );
}

function problemOf(field: HeaderField, typed: string): string | null {
  if (typed === "") return field.required ? "This value is needed." : null;
  if (!/^[\x20-\x7e\t]{1,8192}$/.test(typed)) return "A header cannot carry this: it is too long, or not plain ASCII.";
  if (isOfFormat(field, withoutTemplate(field.template, typed))) return null;
  return field.pattern_hint ?? "This is not what the field expects.";
}

/** As the API takes it: without what was left empty. */
export function typedValues(fields: readonly HeaderField[], sample: Sample): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap(({ name }) => {
      const typed = (sample[name] ?? "").trim();
      return typed === "" ? [] : [[name, typed]];
    }),
  );
}
