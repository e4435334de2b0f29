import { isKeywardError } from "../../../../src/core/errors.ts";
import { parseHeaderSchema, type HeaderFieldInput } from "../../../../src/core/header-schema.ts";
import { fieldOf, type DraftField } from "./draft-field.ts";

/** The inputs of a field, as far as something can be wrong with them. */
type Judged = "name" | "label" | "help" | "helpUrl" | "pattern" | "patternHint" | "choices" | "template";

export type FieldProblems = Readonly<Partial<Record<Judged, string>>>;

/** What the gateway would say of each input, in its own words: it is the gateway's own code that judges. */
export function problemsOfFields(drafts: readonly DraftField[]): ReadonlyMap<number, FieldProblems> {
  const seen = new Set<string>();
  const found = drafts.map((draft): [number, FieldProblems] => {
    const name = draft.name.trim().toLowerCase();
    const isTwin = name !== "" && seen.has(name);
    seen.add(name);
    return [
      draft.key,
      isTwin ? { ...problemsOfField(draft), name: "Another field has this name." } : problemsOfField(draft),
    ];
  });
  return new Map(found.filter(([, problems]) => Object.keys(problems).length > 0));
}

function problemsOfField(draft: DraftField): FieldProblems {
  const {
    name,
    label,
    help,
    help_url: helpUrl,
    pattern,
    pattern_hint: patternHint,
    choices,
    template,
  } = fieldOf(draft);
  const nameProblem = name === "" ? "Enter the name of the header." : problemOf({ name });
  const known = nameProblem === undefined ? name : "header";
  const judged: Readonly<Record<Judged, string | undefined>> = {
    name: nameProblem,
    label: draft.label.trim() === "" ? undefined : problemOf({ name: known, label }),
    help: problemOf({ name: known, help }),
    helpUrl: problemOf({ name: known, helpUrl }),
    pattern: pattern === "" ? "Enter a pattern." : problemOf({ name: known, pattern }),
    patternHint: patternHint === null ? undefined : problemOf({ name: known, pattern: "x", patternHint }),
    choices: choices?.length === 0 ? "Enter the choices, one a line." : problemOf({ name: known, choices }),
    template: problemOf({ name: known, template }),
  };
  return Object.fromEntries(Object.entries(judged).filter(([, problem]) => problem !== undefined));
}

function problemOf(field: HeaderFieldInput): string | undefined {
  try {
    parseHeaderSchema([field]);
    return undefined;
  } catch (error) {
    if (isKeywardError(error)) return error.message;
    throw error;
  }
}
