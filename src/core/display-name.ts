import { KeywardError } from "./errors.ts";
import { toPrintable } from "./printable.ts";

const MAX_LENGTH = 80;

/**
 * The name of a person, group or token, which others read.
 * @returns it without outer whitespace
 * @throws KeywardError `invalid_request`
 */
export function parseDisplayName(text: string): string {
  const name = toPrintable(text, MAX_LENGTH);
  if (name === "" || name !== text.trim()) {
    throw new KeywardError("invalid_request", { message: `A name is 1 to ${MAX_LENGTH} printable characters.` });
  }
  return name;
}
