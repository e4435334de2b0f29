import { KeywardError } from "./errors.ts";
import type { HeaderName } from "./header-name.ts";
import type { HeaderField, HeaderSchema } from "./header-schema.ts";
import { Secret } from "./secret.ts";
import { inTemplate, isOfFormat, withoutTemplate } from "./value-format.ts";

/** Values by lower-case header name. A `Map`, because `__proto__` is a legal header name. */
export type HeaderValues = ReadonlyMap<HeaderName, Secret<string>>;

const MAX_HEADER_VALUE_BYTES = 8192;
const MAX_HEADER_VALUES_BYTES = 16_384;

const PADDING_BLOCK_BYTES = 256;

/** Keeps nothing between two texts. */
const UTF8 = new TextDecoder();

// RFC 9110 section 5.5 field-value without obs-text: visible ASCII, space and tab. Non-ASCII would leave as latin-1.
const FIELD_VALUE = /^[\x20-\x7e\t]+$/;

/**
 * Judges one typed value. It runs before any `Headers` object sees the value, because undici's error text quotes it.
 *
 * @param name names the field in the error; never the value
 * @param typed anything that came out of JSON
 * @returns the value without outer whitespace; a pasted trailing newline is outer whitespace
 * @throws KeywardError `invalid_header_value`
 */
export function parseHeaderValue(name: string, typed: unknown): Secret<string> {
  if (typeof typed !== "string") {
    throw invalidValue(name, "must be text");
  }
  const value = typed.replace(/^[ \t\r\n]+/, "").replace(/[ \t\r\n]+$/, "");
  if (value === "") {
    throw invalidValue(name, "is empty");
  }
  if (value.length > MAX_HEADER_VALUE_BYTES) {
    throw invalidValue(name, `is longer than ${MAX_HEADER_VALUE_BYTES} characters`);
  }
  if (!FIELD_VALUE.test(value)) {
    throw invalidValue(name, "has a line break, a control character or a character outside ASCII");
  }
  return new Secret(value);
}

function invalidValue(name: string, what: string): KeywardError {
  return new KeywardError("invalid_header_value", {
    message: `The value of ${name} ${what}.`,
    details: { field: name },
  });
}

/**
 * Judges a typed value by the format of its field.
 * @returns the header value: what was typed, in the template if there is one
 * @throws KeywardError `invalid_header_value` with the administrator's hint
 */
export function parseFieldValue(field: HeaderField, typed: unknown): Secret<string> {
  const value = withoutTemplate(field.template, parseHeaderValue(field.name, typed).reveal());
  if (value === "") {
    throw invalidValue(field.name, "is empty");
  }
  if (!isOfFormat(field, value)) {
    throw invalidValue(
      field.name,
      `is not what is expected${field.patternHint === null ? "" : `: ${field.patternHint}`}`,
    );
  }
  return parseHeaderValue(field.name, inTemplate(field.template, value));
}

/**
 * Judges what was typed into a form, and merges it over what is on file: a person types only what is new or changed.
 * A blank input means "keep what is on file".
 *
 * @param schema the server's declared fields; any other name is refused
 * @param typed name to value, in any letter case, as parsed from JSON
 * @param onFile values already stored for this binding that may be kept; those no longer declared are dropped
 * @throws KeywardError `invalid_header_name` for an undeclared or doubled name, `invalid_header_value`,
 *   `missing_header_values` with the names in `details.fields`
 */
export function mergeHeaderValues(
  schema: HeaderSchema,
  typed: Readonly<Record<string, unknown>>,
  onFile: HeaderValues,
): HeaderValues {
  const declared = new Map(schema.map((field) => [field.name as string, field]));
  const fresh = new Map<HeaderName, Secret<string>>();
  for (const [typedName, typedValue] of Object.entries(typed)) {
    const field = declared.get(typedName.toLowerCase());
    if (field === undefined) {
      throw new KeywardError("invalid_header_name", {
        message: "A header was sent that this server does not declare.",
      });
    }
    if (fresh.has(field.name)) {
      throw new KeywardError("invalid_header_name", { message: `The header ${field.name} was sent twice.` });
    }
    if (typeof typedValue !== "string" || typedValue.trim() !== "") {
      fresh.set(field.name, parseFieldValue(field, typedValue));
    }
  }
  const merged = new Map<HeaderName, Secret<string>>();
  for (const { name } of schema) {
    const value = fresh.get(name) ?? onFile.get(name);
    if (value !== undefined) {
      merged.set(name, value);
    }
  }
  const missing = schema.filter((field) => field.isRequired && !merged.has(field.name)).map((field) => field.name);
  if (missing.length > 0) {
    throw new KeywardError("missing_header_values", { details: { fields: missing } });
  }
  if (merged.size === 0) {
    throw new KeywardError("missing_header_values", { message: "Give at least one value." });
  }
  assertTotalSize(merged);
  return merged;
}

function assertTotalSize(values: HeaderValues): void {
  let total = 0;
  for (const [name, value] of values) {
    total += name.length + value.reveal().length;
  }
  if (total > MAX_HEADER_VALUES_BYTES) {
    throw new KeywardError("invalid_header_value", {
      message: `All values together are longer than ${MAX_HEADER_VALUES_BYTES} bytes.`,
    });
  }
}

/**
 * The bytes that are sealed: canonical JSON (names sorted), padded with spaces to a multiple of 256 bytes so that the
 * length of a row does not tell the kind of key in it.
 */
export function encodeHeaderValues(values: HeaderValues): Uint8Array {
  const pairs = [...values].map(([name, value]) => [name, value.reveal()] as const);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = new TextEncoder().encode(JSON.stringify(pairs));
  const padded = new Uint8Array(Math.ceil(bytes.length / PADDING_BLOCK_BYTES) * PADDING_BLOCK_BYTES).fill(0x20);
  padded.set(bytes);
  return padded;
}

/**
 * The reverse of `encodeHeaderValues`.
 * @throws KeywardError `credential_unreadable` when the bytes are not what `encodeHeaderValues` makes
 */
export function decodeHeaderValues(plaintext: Uint8Array): HeaderValues {
  let pairs: unknown;
  try {
    pairs = JSON.parse(UTF8.decode(plaintext));
  } catch {
    // The parser's own error quotes the text it could not read: that text is the secret.
    throw new KeywardError("credential_unreadable");
  }
  if (!Array.isArray(pairs) || !pairs.every(isPair)) {
    throw new KeywardError("credential_unreadable");
  }
  return new Map(pairs.map(([name, value]) => [name as HeaderName, new Secret(value)]));
}

function isPair(pair: unknown): pair is [string, string] {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && typeof pair[1] === "string";
}
