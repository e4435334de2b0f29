import type { Random } from "./ports.ts";
import { Secret } from "./secret.ts";

/**
 * What a token is for. The purpose goes into the digest, so that a link can never be taken for a key, nor a key for a
 * link (CVE-2026-110862: one kind of token accepted as another).
 */
export type TokenPurpose =
  | MintedPurpose
  | SealedTextPurpose
  | DerivedPurpose
  | "session_identity"
  | "oauth_record"
  | "attempt";

/** Purposes of secrets that are derived from a fixed text, so that they need no storage of their own. */
type DerivedPurpose = "sign_in_cookies" | "csrf" | "oauth_cookies" | "oauth_signing" | "oauth_session";

/** Purposes whose tokens Keyward mints. A session identity is named by the client. */
export type MintedPurpose =
  | "virtual_key"
  | "temp_token"
  | "setup_token"
  | "admin_token"
  | "invite"
  | "access_token"
  | "refresh_token";

/** Purposes of text that says something and is authenticated, see `sealed-text.ts`. It proves nobody's identity. */
export type SealedTextPurpose = "mcp_session" | "request_state";

const PREFIX: Readonly<Record<MintedPurpose, string>> = {
  virtual_key: "kw_",
  temp_token: "kwt_",
  setup_token: "kws_",
  admin_token: "kwa_",
  invite: "kwi_",
  access_token: "kwo_",
  refresh_token: "kwr_",
};

const RANDOM_BYTES = 32;
const BODY = /^[A-Za-z0-9_-]{43}$/;
const CHECKSUM_LENGTH = 6;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A well-formed token of a purpose: it has the prefix and the checksum, and may still be unknown, expired or revoked. */
export interface Token<P extends MintedPurpose = MintedPurpose> {
  readonly purpose: P;
  readonly secret: Secret<string>;
}

/** 256 random bits as `<prefix><43 base64url><6 checksum>`; the prefix lets secret scanners find a leaked one. */
export function mintToken<P extends MintedPurpose>(purpose: P, random: Random): Token<P> {
  const body = base64url(random.bytes(RANDOM_BYTES));
  return { purpose, secret: new Secret(PREFIX[purpose] + body + checksum(PREFIX[purpose] + body)) };
}

/** Which kind of token a text claims to be: to look it up as another kind would be another way in. */
export function claimsToBe(purpose: MintedPurpose, text: string): boolean {
  return text.startsWith(PREFIX[purpose]);
}

/**
 * @returns the token, or null when prefix, length, alphabet or checksum are wrong: then nothing needs to be looked up
 */
export function parseToken<P extends MintedPurpose>(purpose: P, text: string): Token<P> | null {
  const prefix = PREFIX[purpose];
  const length = prefix.length + 43 + CHECKSUM_LENGTH;
  if (text.length !== length || !text.startsWith(prefix)) {
    return null;
  }
  const body = text.slice(prefix.length, -CHECKSUM_LENGTH);
  if (!BODY.test(body) || checksum(prefix + body) !== text.slice(-CHECKSUM_LENGTH)) {
    return null;
  }
  return { purpose, secret: new Secret(text) };
}

/** An id such as `srv_...`: prefix and 128 random bits. An id names a thing; it never proves anything. */
export function mintId(
  prefix:
    | "srv"
    | "cred"
    | "flow"
    | "vk"
    | "adm"
    | "claim"
    | "req"
    | "dep"
    | "ses"
    | "usr"
    | "grp"
    | "row"
    | "app"
    | "client",
  random: Random,
): string {
  return `${prefix}_${base64url(random.bytes(16))}`;
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function base64url(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += BASE64URL[(buffer >> bits) & 63];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE64URL[(buffer << (6 - bits)) & 63] : text;
}

function checksum(text: string): string {
  let value = crc32(text);
  let out = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i += 1) {
    out = BASE62[value % 62] + out;
    value = Math.floor(value / 62);
  }
  return out;
}

// CRC-32 (ISO 3309) over ASCII: it finds typos. It is not a protection, which is the digest's part.
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i += 1) {
    crc = (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return crc;
});
