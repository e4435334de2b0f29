import { KeywardError } from "./errors.ts";
import { type FieldFormat, type FieldFormatInput, parseFieldFormat } from "./field-format.ts";
import { parseHeaderName, type HeaderName } from "./header-name.ts";
import { isPrintable } from "./printable.ts";

/** One declared header of a server: what the connect page asks for. */
export interface HeaderField extends FieldFormat {
  /** Lower-case wire name. */
  readonly name: HeaderName;
  /** The name as the administrator wrote it, for display only: `X-API-Key`. */
  readonly displayName: string;
  /** Short label of the input, 1 to 80 characters; the display name when the administrator gave none. */
  readonly label: string;
  /** One or two sentences that say where the value comes from, at most 500 characters; may be empty. */
  readonly help: string;
  /** An https page where a person gets the value, or null. */
  readonly helpUrl: string | null;
  /** Whether the input hides what is typed. Every value is sealed at rest, secret or not. */
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  /**
   * The schema revision with which the format came to be; null = every value may have been judged by it. A value that
   * was sealed under an earlier revision may not be what is expected now.
   */
  readonly formatSince: number | null;
}

/** The ordered fields of a server. 1 to 16, names unique. */
export type HeaderSchema = readonly HeaderField[];

/** What an administrator writes to declare a field. Only `name` is required. */
export interface HeaderFieldInput extends FieldFormatInput {
  readonly name: string;
  readonly label?: string | undefined;
  readonly help?: string | undefined;
  readonly helpUrl?: string | null | undefined;
  /** Default true; false where choices are declared, which everybody sees in the form. */
  readonly isSecret?: boolean | undefined;
  readonly isRequired?: boolean | undefined;
}

const MAX_HEADER_FIELDS = 16;
const MAX_LABEL = 80;
const MAX_HELP = 500;
const MAX_HELP_URL = 500;

/**
 * @param inputs the fields in the order in which the connect page shows them
 * @returns the schema; names lower-cased, defaults filled
 * @throws KeywardError `invalid_header_name`, `invalid_header_schema`; the message names the field, never a value
 */
export function parseHeaderSchema(inputs: readonly HeaderFieldInput[]): HeaderSchema {
  if (inputs.length === 0 || inputs.length > MAX_HEADER_FIELDS) {
    throw invalid(`Declare 1 to ${MAX_HEADER_FIELDS} header fields.`);
  }
  const seen = new Set<string>();
  return inputs.map((input) => {
    const field = parseField(input);
    if (seen.has(field.name)) {
      throw invalid(`The header ${field.name} is declared twice. Names do not differ by case.`);
    }
    seen.add(field.name);
    return field;
  });
}

function parseField(input: HeaderFieldInput): HeaderField {
  const name = parseHeaderName(input.name);
  const label = (input.label ?? input.name).trim();
  const help = (input.help ?? "").trim();
  if (label === "" || label.length > MAX_LABEL || !isPrintable(label)) {
    throw invalid(`The label of ${name} is 1 to ${MAX_LABEL} printable characters.`);
  }
  if (help.length > MAX_HELP || !isPrintable(help)) {
    throw invalid(`The help text of ${name} is at most ${MAX_HELP} printable characters.`);
  }
  const format = parseFieldFormat(name, input);
  return {
    name,
    displayName: input.name,
    label,
    help,
    helpUrl: parseHelpUrl(name, input.helpUrl ?? null),
    isSecret: input.isSecret ?? format.choices === null,
    isRequired: input.isRequired ?? true,
    ...format,
    formatSince: null,
  };
}

function parseHelpUrl(name: HeaderName, text: string | null): string | null {
  if (text === null || text === "") {
    return null;
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  // A `javascript:` or `data:` link on a page that takes secrets is an attack on its reader.
  if (url === null || url.protocol !== "https:" || url.username !== "" || text.length > MAX_HELP_URL) {
    throw invalid(`The help link of ${name} is an https URL of at most ${MAX_HELP_URL} characters.`);
  }
  return url.href;
}

function invalid(message: string): KeywardError {
  return new KeywardError("invalid_header_schema", { message });
}

/** The names of the fields that a credential must have to be usable. */
export function requiredNames(schema: HeaderSchema): readonly HeaderName[] {
  return schema.filter((field) => field.isRequired).map((field) => field.name);
}

/** The names of the fields whose values are no secret. */
export function plainNames(schema: HeaderSchema): ReadonlySet<string> {
  return new Set(schema.filter((field) => !field.isSecret).map((field) => field.name));
}

/** The templates of the fields that have one. */
export function templatesOf(schema: HeaderSchema): ReadonlyMap<string, string> {
  return new Map(schema.flatMap(({ name, template }) => (template === null ? [] : [[name, template] as const])));
}

/** What a stored credential is judged by, without its values. */
export interface StoredFields {
  readonly fieldNames: readonly string[];
  /** The schema revision that its values were sealed under. */
  readonly schemaRevision: number;
}

/** The formats that came to be after the server was created: values of before then may not be of them. */
export function datedFormatsOf(schema: HeaderSchema): readonly { readonly name: HeaderName; readonly since: number }[] {
  return schema.flatMap(({ name, formatSince }) => (formatSince === null ? [] : [{ name, since: formatSince }]));
}

/** The stored values that are older than the format of their field. */
export function outdatedNames(
  schema: HeaderSchema,
  { fieldNames, schemaRevision }: StoredFields,
): readonly HeaderName[] {
  const held = new Set(fieldNames);
  return datedFormatsOf(schema).flatMap(({ name, since }) => (held.has(name) && schemaRevision < since ? [name] : []));
}

/** True when a credential has all that the schema requires, and nothing that was stored before its format came to be. */
export function isSatisfiedBy(schema: HeaderSchema, stored: StoredFields): boolean {
  const present = new Set(stored.fieldNames);
  return requiredNames(schema).every((name) => present.has(name)) && outdatedNames(schema, stored).length === 0;
}
