import type { CallHeaders } from "../core/ports.ts";
import { withoutTemplate } from "../core/value-format.ts";
import { formsOf, type SecretForms } from "./secret-forms.ts";
import { decoded, mapJsonTokens } from "./json-tokens.ts";
import { escapedLength, unescaped } from "./unescape.ts";

const REPLACEMENT = "[redacted by Keyward]";

/** Takes injected header values out of what an upstream sent back, which is JSON. */
export interface Scrubber {
  /** The same value with every occurrence replaced, in object keys too; the very same object when there is none. */
  scrub<T>(value: T): T;
  /**
   * The same for a message that is still text: JSON in, JSON out, and all but the strings with an occurrence as it was,
   * byte for byte. The very same text when there is none, which costs a search and no parsing.
   */
  scrubText(text: string): string;
  /** Occurrences replaced so far. */
  readonly hits: number;
}

type ScrubbedHeaders = Pick<CallHeaders, "staticHeaders" | "userHeaders" | "plainNames" | "templates">;

/**
 * Made for each call and dropped with it: nothing of a value is kept from one call to the next.
 * @param headers the values that went with the request, but those that are declared to be no secret
 */
export function createScrubber(headers: ScrubbedHeaders): Scrubber {
  let known: SecretForms | null = null;
  const forms = (): SecretForms => (known ??= formsOf(valuesOf(headers)));
  let hits = 0;

  const isHit = (text: string): boolean => forms().plain.some((form) => text.includes(form));

  /** Whether a secret may stand in the text and yet not be found in it: some of its characters could be escapes. */
  const mayHide = (text: string): boolean =>
    forms().isEscaped ? text.includes("\\") : text.includes("\\u00") || text.includes("\\/");

  const scrubString = (text: string): string => {
    // Escapes are left in a string that is itself JSON, as the text of tool results often is.
    const hidden = mayHide(text) ? hiddenRanges(text, forms().plain) : [];
    if (hidden.length === 0 && !isHit(text)) {
      return text;
    }
    const ranges = mergedRanges([...rangesIn(text, forms().plain), ...hidden]);
    hits += ranges.length;
    return withoutRanges(text, ranges);
  };

  const scrubValue = (value: unknown): unknown => {
    if (typeof value === "string") {
      return scrubString(value);
    }
    if (typeof value === "number") {
      return isHit(String(value)) ? scrubString(String(value)) : value;
    }
    if (typeof value !== "object" || value === null) {
      return value;
    }
    const before = hits;
    if (Array.isArray(value)) {
      const items = value.map(scrubValue);
      return hits === before ? value : items;
    }
    // `fromEntries` defines own properties, so a key `__proto__` stays a key.
    const scrubbed = Object.fromEntries(
      Object.entries(value).map(([key, item]) => [scrubString(key), scrubValue(item)]),
    );
    return hits === before ? value : scrubbed;
  };

  /** A string or a number, as it is written. */
  const scrubToken = (token: string): string => {
    const value = decoded(token);
    const clean = scrubString(value);
    return clean === value ? token : JSON.stringify(clean);
  };

  return {
    scrub: <T>(value: T) => scrubValue(value) as T,
    scrubText(text) {
      if (isHit(text)) {
        return mapJsonTokens(text, scrubToken);
      }
      return mayHide(text) ? mapJsonTokens(text, (token) => (mayHide(token) ? scrubToken(token) : token)) : text;
    },
    get hits() {
      return hits;
    },
  };
}

function* valuesOf({ staticHeaders, userHeaders, plainNames, templates }: ScrubbedHeaders): Iterable<string> {
  for (const value of staticHeaders.values()) {
    yield value.reveal();
  }
  for (const [name, value] of userHeaders) {
    if (plainNames.has(name)) continue;
    yield value.reveal();
    // A server may repeat only what the person typed.
    const template = templates?.get(name);
    if (template !== undefined) yield withoutTemplate(template, value.reveal());
  }
}

type Range = readonly [start: number, end: number];

function rangesIn(text: string, forms: readonly string[]): readonly Range[] {
  return forms.flatMap((form) => {
    const ranges: Range[] = [];
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + form.length)) {
      ranges.push([at, at + form.length]);
    }
    return ranges;
  });
}

/** Where forms stand in a text with some of their characters escaped. */
function hiddenRanges(text: string, forms: readonly string[]): readonly Range[] {
  const bare = unescaped(text);
  const ranges = rangesIn(
    bare,
    forms.map(unescaped).filter((form) => form !== ""),
  );
  if (ranges.length === 0) {
    return ranges;
  }
  const lengthIn = escapedLength(text);
  return ranges.map(([start, end]) => [lengthIn(start), lengthIn(end)]);
}

/** Overlapping ranges as one, so that nothing is left of a longer form that begins like a shorter one. */
function mergedRanges(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last === undefined || start >= last[1]) {
      merged.push([start, end]);
    } else if (end > last[1]) {
      merged[merged.length - 1] = [last[0], end];
    }
  }
  return merged;
}

function withoutRanges(text: string, ranges: readonly Range[]): string {
  let clean = "";
  let from = 0;
  for (const [start, end] of ranges) {
    clean += text.slice(from, start) + REPLACEMENT;
    from = end;
  }
  return clean + text.slice(from);
}
