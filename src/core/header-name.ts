import { KeywardError } from "./errors.ts";

declare const brand: unique symbol;

/** A header name that may be declared by an administrator, lower-case. Made only by `parseHeaderName`. */
export type HeaderName = string & { readonly [brand]: "HeaderName" };

const MAX_HEADER_NAME = 64;

// RFC 9110 section 5.6.2 `token`, without `_`: proxies fold it into `-`, which let a twin header spoof an identity
// (CVE-2026-54763).
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/;

const REFUSED_NAMES: ReadonlySet<string> = new Set([
  // Framing and hop-by-hop (RFC 9110 section 7.6.1, RFC 9112 section 6): undici lets some of them through.
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "http2-settings",
  // MCP and content negotiation: Keyward writes these itself.
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "last-event-id",
  "accept",
  "content-type",
  "content-encoding",
  "accept-encoding",
  // The identity of the path between client and upstream.
  "forwarded",
  "x-real-ip",
  "via",
  "origin",
  "referer",
  "traceparent",
  "tracestate",
  "baggage",
  // Cookies carry more than one secret and are stored by what lies between.
  "cookie",
  "set-cookie",
  // Keyward's own.
  "keyward-session",
]);

const REFUSED_PREFIXES = ["proxy-", "mcp-param-", "x-forwarded-", "sec-", "cf-"] as const;

/**
 * @param text the name as an administrator wrote it
 * @returns the lower-case name
 * @throws KeywardError `invalid_header_name`; the message quotes the name when it is a token, and nothing otherwise
 */
export function parseHeaderName(text: string): HeaderName {
  if (text.length > MAX_HEADER_NAME || !TOKEN.test(text)) {
    throw new KeywardError("invalid_header_name", {
      message: `A header name is 1 to ${MAX_HEADER_NAME} characters of letters, digits, - and a few signs; _ is not allowed.`,
    });
  }
  const name = text.toLowerCase();
  if (REFUSED_NAMES.has(name) || REFUSED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    throw new KeywardError("invalid_header_name", {
      message: `The header ${name} may not be declared: it belongs to the connection, to MCP or to the path of a request.`,
    });
  }
  return name as HeaderName;
}
