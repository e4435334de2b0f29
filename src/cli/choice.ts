import { usageError } from "./context.ts";

/**
 * An option's value that has to be one of a few words.
 * @throws CommanderError which names the words, and not what was typed
 */
export function oneOf<const Word extends string>(flag: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) {
    throw usageError(`${flag} is one of ${words.join(", ")}.`);
  }
  return found;
}

/** A whole number from 1 on. @throws CommanderError */
export function countOf(flag: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw usageError(`${flag} is a whole number from 1 on.`);
  }
  return Number(text);
}
