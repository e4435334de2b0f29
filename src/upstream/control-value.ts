import type { HeaderValues } from "../core/header-values.ts";
import type { CallHeaders, Random } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import { inTemplate, withoutTemplate } from "../core/value-format.ts";

/**
 * Values that are wrong and look right, for the negative control: a server that accepts them accepts anything.
 *
 * Each has the length of the real one, the same scheme (`Bearer`) and key prefix (`sk-live-`), and at every other place a
 * random character of the same class, so that the server refuses the value rather than its shape. What is no secret
 * stays as it is: a refused tenant id or region would say nothing about the key.
 */
export function wrongValues(
  { userHeaders, plainNames, templates }: Pick<CallHeaders, "userHeaders" | "plainNames" | "templates">,
  random: Random,
): HeaderValues {
  const hasSecret = [...userHeaders.keys()].some((name) => !plainNames.has(name));
  return new Map(
    [...userHeaders].map(([name, value]) => {
      if (hasSecret && plainNames.has(name)) {
        return [name, value];
      }
      const template = templates?.get(name) ?? null;
      const typed = withoutTemplate(template, value.reveal());
      return [name, new Secret(inTemplate(template, wrongValue(typed, random)))];
    }),
  );
}

// A scheme, and up to three short words that end with - or _: what issuers put before the random part.
const FIXED_START = /^(?:[A-Za-z]+ +)?(?:[A-Za-z]{1,8}[-_]){0,3}/;

const CLASSES = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] as const;
const ANY = CLASSES.join("");

function wrongValue(value: string, random: Random): string {
  const fixed = FIXED_START.exec(value)?.[0] ?? "";
  const start = fixed.length < value.length ? fixed.length : 0;
  const wrong = value.slice(0, start) + shuffled(value.slice(start), random);
  // One digit is drawn right every tenth time, and a value without letters and digits every time.
  return wrong === value ? value.slice(0, -1) + other(value.at(-1) ?? "") : wrong;
}

function shuffled(text: string, random: Random): string {
  const draws = random.bytes(text.length);
  return Array.from(text, (character, at) => {
    const characters = CLASSES.find((candidate) => candidate.includes(character));
    return characters?.[(draws[at] ?? 0) % characters.length] ?? character;
  }).join("");
}

function other(character: string): string {
  const characters = CLASSES.find((candidate) => candidate.includes(character)) ?? ANY;
  return characters[(characters.indexOf(character) + 1) % characters.length] ?? "0";
}
