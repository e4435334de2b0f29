import { KeywardError } from "../../core/errors.ts";

/** `select oid, typname from pg_type`; they never change. */
const BOOL = 16;
const BYTEA = 17;
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701, 1700]);

/**
 * Rows come as SQLite's come: numbers as numbers, booleans as 0 and 1, bytes as `Uint8Array`, everything else as text.
 * Nothing is made of a text that looks like JSON or a date.
 */
export const VALUE_TYPES = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (NUMBERS.has(oid)) {
      return toNumber;
    }
    if (oid === BOOL) {
      return (text) => (text === "t" ? 1 : 0);
    }
    return oid === BYTEA ? toBytes : (text) => text;
  },
};

function toNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new KeywardError("internal", { message: "A number of the database is too large to be exact." });
  }
  return number;
}

function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(String.raw`\x`.length), "hex"));
}

/** Whether no text among them holds U+0000: PostgreSQL can hold no such text. */
export function areStorable(values: readonly unknown[]): boolean {
  return !values.some((value) => typeof value === "string" && value.includes("\0"));
}

/**
 * Asked before the server is: its refusal would read like a fault of this program.
 * @throws KeywardError `invalid_request`
 */
export function assertStorable(values: readonly unknown[]): void {
  if (!areStorable(values)) {
    throw new KeywardError("invalid_request", {
      message: "A text holds the character U+0000, which cannot be stored.",
    });
  }
}
