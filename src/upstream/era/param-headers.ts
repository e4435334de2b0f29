import type { JsonValue } from "../../core/json.ts";
import { type ParamHeader, paramTexts } from "../../core/param-headers.ts";

/** The headers of one call; a parameter that is absent, null or of another kind has none. */
export function paramHeaderValues(headers: readonly ParamHeader[], args: JsonValue | undefined): Map<string, string> {
  return new Map(
    paramTexts(headers, args)
      .entries()
      .map(([name, text]) => [name, encodeHeaderText(text)]),
  );
}

const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;
const SENTINEL = /^=\?base64\?.*\?=$/;

/**
 * Text as a header value, as 2026-07-28 writes it: as it is when it is plain visible ASCII, otherwise
 * `=?base64?<base64 of UTF-8>?=`. A line break from a tool's arguments therefore never reaches the wire.
 */
export function encodeHeaderText(text: string): string {
  if (PLAIN.test(text) && !SENTINEL.test(text)) {
    return text;
  }
  return `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}
