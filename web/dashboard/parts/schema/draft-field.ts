import type { HeaderField } from "../../app/admin-shapes.ts";

/** What a value may be: anything, what a pattern matches, or one of a list. */
export type Format = "any" | "pattern" | "choices";

/** A header field while it is edited: every text as it stands in its input. */
export interface DraftField {
  /** Stays with the field while it is moved and renamed. */
  readonly key: number;
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly helpUrl: string;
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  readonly format: Format;
  readonly pattern: string;
  readonly patternHint: string;
  /** One a line. */
  readonly choices: string;
  readonly template: string;
}

export const MAX_FIELDS = 16;

let lastKey = 0;

function nextKey(): number {
  lastKey += 1;
  return lastKey;
}

export function emptyField(): DraftField {
  return {
    key: nextKey(),
    name: "",
    label: "",
    help: "",
    helpUrl: "",
    isSecret: true,
    isRequired: true,
    format: "any",
    pattern: "",
    patternHint: "",
    choices: "",
    template: "",
  };
}

export function draftsOf(schema: readonly HeaderField[]): readonly DraftField[] {
  return schema.map((field) => ({
    key: nextKey(),
    name: field.name,
    // The gateway fills it with the name when there is none.
    label: field.label === field.name ? "" : field.label,
    help: field.help,
    helpUrl: field.help_url ?? "",
    isSecret: field.secret,
    isRequired: field.required,
    format: field.pattern !== null ? "pattern" : field.choices !== null ? "choices" : "any",
    pattern: field.pattern ?? "",
    patternHint: field.pattern_hint ?? "",
    choices: field.choices?.join("\n") ?? "",
    template: field.template ?? "",
  }));
}

function choicesOf({ choices }: Pick<DraftField, "choices">): readonly string[] {
  return choices
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** As the API takes it. What belongs to a format that is not chosen is left out. */
export function fieldOf(draft: DraftField): HeaderField {
  const text = (value: string): string | null => (value.trim() === "" ? null : value.trim());
  const name = draft.name.trim();
  return {
    name,
    label: text(draft.label) ?? name,
    help: draft.help.trim(),
    help_url: text(draft.helpUrl),
    secret: draft.isSecret,
    required: draft.isRequired,
    pattern: draft.format === "pattern" ? draft.pattern : null,
    pattern_hint: draft.format === "pattern" ? text(draft.patternHint) : null,
    choices: draft.format === "choices" ? [...choicesOf(draft)] : null,
    template: text(draft.template),
  };
}

/** Whether both would be saved as the same schema. */
export function isSameSchema(drafts: readonly DraftField[], schema: readonly HeaderField[]): boolean {
  return JSON.stringify(drafts.map(fieldOf)) === JSON.stringify(draftsOf(schema).map(fieldOf));
}
