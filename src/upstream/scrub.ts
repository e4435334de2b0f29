import type { CallHeaders } from "../core/ports.ts";

const REPLACEMENT = "[redacted by Keyward]";

/** Shorter values would hit ordinary text: a tenant id of `42` is not worth a broken result. */
const MIN_LENGTH = 8;

/** Takes injected header values out of what an upstream sent back, which is JSON. */
export interface Scrubber {
  /** The same value with every occurrence replaced, in object keys too; the very same object when there is none. */
  scrub<T>(value: T): T;
  /** The same for the JSON text of a message. */
  scrubText(json: string): string;
  /** Occurrences replaced so far. */
  readonly hits: number;
}

/**
 * @param headers the values that went with the request, but those that are declared to be no secret: as they are, without their scheme (`Bearer`), and each of these in
 *   base64 at any alignment, hexadecimal, URL-encoded and JSON-escaped
 */
export function createScrubber(headers: Pick<CallHeaders, "staticHeaders" | "userHeaders" | "plainNames">): Scrubber {
  const forms = new Set<string>();
  const secret = [...headers.userHeaders].filter(([name]) => !headers.plainNames.has(name));
  for (const [, value] of [...headers.staticHeaders, ...secret]) {
    for (const part of secretsIn(value.reveal())) {
      for (const form of encodingsOf(part)) {
        forms.add(form);
      }
    }
  }
  if (forms.size === 0) {
    return { scrub: (value) => value, scrubText: (json) => json, hits: 0 };
  }
  // The longest first: an alternation takes the first branch that fits, and would leave the rest of a longer form.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((form) => RegExp.escape(form)).join("|"), "g");
  let hits = 0;

  const scrubText = (text: string): string =>
    text.replace(pattern, () => {
      hits += 1;
      return REPLACEMENT;
    });

  const scrubValue = (value: unknown): unknown => {
    if (typeof value === "string") {
      return scrubText(value);
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
    const scrubbed = Object.fromEntries(Object.entries(value).map(([key, item]) => [scrubText(key), scrubValue(item)]));
    return hits === before ? value : scrubbed;
  };

  return {
    scrub: <T>(value: T) => scrubValue(value) as T,
    scrubText(json) {
      const value: unknown = JSON.parse(json);
      const scrubbed = scrubValue(value);
      return scrubbed === value ? json : JSON.stringify(scrubbed);
    },
    get hits() {
      return hits;
    },
  };
}

/** The value and what is secret in it: of `Bearer abc` a server may repeat only `abc`, of `Basic ...` only the password. */
function secretsIn(value: string): readonly string[] {
  const [, scheme = "", credentials = ""] = /^([A-Za-z]{1,20}) +(\S+)$/.exec(value) ?? [];
  const basic = scheme.toLowerCase() === "basic" ? decodeBasic(credentials) : [];
  return [value, credentials, ...basic].filter((secret) => secret.length >= MIN_LENGTH);
}

function decodeBasic(credentials: string): readonly string[] {
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  return [pair, pair.slice(pair.indexOf(":") + 1)];
}

function encodingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const url = encodeURIComponent(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = [0, 1, 2].map((offset) => base64Inside(bytes, offset));
  return [
    secret,
    hex,
    hex.toUpperCase(),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    url.replaceAll("%20", "+"),
    json,
    json.replaceAll("/", "\\/"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ].filter((form) => form.length >= MIN_LENGTH);
}

/** What stands in the base64 of any bytes that hold the secret after `offset` (modulo 3) others. */
function base64Inside(secret: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), secret])
    .toString("base64")
    .replaceAll("=", "");
  // Characters that also carry bits of a neighbour are not the secret's alone.
  const start = [0, 2, 3][offset] ?? 0;
  const end = (offset + secret.length) % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(start, end);
}
