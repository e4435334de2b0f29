import { KeywardError } from "../core/errors.ts";
import type { CallHeaders } from "../core/ports.ts";

// RFC 9110 section 5.6.2, lower-case.
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
// RFC 9110 section 5.5 without obs-text and outer whitespace: exactly what the far end will read.
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

// Some firewalls refuse requests without one; an administrator may declare another.
const DEFAULT_USER_AGENT = "keyward";

/**
 * Makes the headers of one request: the protocol's, then the static ones, then the user's. Nothing writes a header after
 * it, and nothing that a client sent gets into it.
 *
 * @param url the object that is dialled
 * @param protocol lower-case names
 * @returns each name once, lower-case
 * @throws KeywardError `internal` when the URL is not of the origin that the values may go to (promise P1), or when two
 *   sources name one header; `invalid_header_value`, naming the header, for what may not stand on the wire
 */
export function injectHeaders(
  url: URL,
  protocol: ReadonlyMap<string, string>,
  call: CallHeaders,
): ReadonlyMap<string, string> {
  if (url.origin !== call.origin) {
    throw new KeywardError("internal", { message: "The values belong to another origin than the one to be dialled." });
  }
  const headers = new Map<string, string>();
  for (const [name, value] of protocol) {
    add(headers, name, value);
  }
  for (const [name, value] of [...call.staticHeaders, ...call.userHeaders]) {
    add(headers, name, value.reveal());
  }
  if (!headers.has("user-agent")) {
    headers.set("user-agent", DEFAULT_USER_AGENT);
  }
  return headers;
}

function add(headers: Map<string, string>, name: string, value: string): void {
  // Two lines of one name are read as "a, b", or as either of them (abuse case A35).
  if (headers.has(name)) {
    throw new KeywardError("internal", { message: `The header ${name} is set from two sources.` });
  }
  // A stored value is text by type only; undici would write a list as two lines. And its own refusal is foreign text.
  if (typeof value !== "string" || !NAME.test(name) || !VALUE.test(value)) {
    throw new KeywardError("invalid_header_value", { message: `The header ${name} may not be sent as it is.` });
  }
  headers.set(name, value);
}
