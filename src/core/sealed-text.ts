import { isJsonObject, type JsonObject } from "./json.ts";
import { KeywardError } from "./errors.ts";
import type { Vault } from "./ports.ts";
import { Secret } from "./secret.ts";
import type { SealedTextPurpose } from "./token.ts";

/**
 * Text that a client keeps for Keyward and brings back: readable by anybody, made by nobody else. It has no age and no
 * owner of its own; who opens it compares what the payload says of both.
 */

const PREFIX: Readonly<Record<SealedTextPurpose, string>> = { mcp_session: "kwm_", request_state: "kwr_" };

/** Far more than any payload needs, and less than a header may have. */
const MAX_LENGTH = 8_192;

const PARTS = /^(?<body>[A-Za-z0-9_-]+)\.(?<mac>[0-9a-f]{64})$/;

type Digests = Pick<Vault, "digest">;

/**
 * `<prefix><base64url of the payload's JSON>.<64 hex>`, visible ASCII.
 * @throws KeywardError `internal` when it would be longer than 8 KiB: what is put in is for the caller to bound
 */
export function mintSealedText(purpose: SealedTextPurpose, payload: JsonObject, vault: Digests): string {
  const text = PREFIX[purpose] + encode(JSON.stringify(payload));
  const sealed = `${text}.${vault.digest(purpose, new Secret(text))}`;
  if (sealed.length > MAX_LENGTH) {
    throw new KeywardError("internal");
  }
  return sealed;
}

/** @returns the payload; null for everything that was not minted here for this purpose, whatever is wrong with it */
export function openSealedText(purpose: SealedTextPurpose, sealed: string, vault: Digests): JsonObject | null {
  const prefix = PREFIX[purpose];
  if (sealed.length > MAX_LENGTH || !sealed.startsWith(prefix)) {
    return null;
  }
  const { body, mac } = PARTS.exec(sealed.slice(prefix.length))?.groups ?? {};
  if (body === undefined || mac === undefined || !isEqual(mac, vault.digest(purpose, new Secret(prefix + body)))) {
    return null;
  }
  const payload: unknown = JSON.parse(decode(body));
  return isJsonObject(payload) ? payload : null;
}

/**
 * Digest of a text that goes into a payload in its place, 64 hex characters. The label keeps the kinds of text apart; the
 * NUL after it keeps all of them apart from sealed text, which begins with a prefix. Without that a client, which chooses
 * the text, would have its own payloads authenticated.
 */
export function fingerprint(
  purpose: SealedTextPurpose,
  label: "identity" | "request",
  text: string,
  vault: Digests,
): string {
  return vault.digest(purpose, new Secret(`${label}\0${text}`));
}

// Every character is looked at, wherever the first difference is.
function isEqual(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let i = 0; i < expected.length; i += 1) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  }
  return difference === 0;
}

// By index, not by iterator: a session id may be verified on the way of a call, and this is ten times as fast.
function encode(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let latin1 = "";
  for (let i = 0; i < bytes.length; i += 1) {
    latin1 += String.fromCharCode(bytes[i] ?? 0);
  }
  return btoa(latin1).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(body: string): string {
  const latin1 = atob(body.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(latin1.length);
  for (let i = 0; i < latin1.length; i += 1) {
    bytes[i] = latin1.charCodeAt(i);
  }
  return new TextDecoder().decode(bytes);
}
