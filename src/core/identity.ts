import { KeywardError } from "./errors.ts";

/** The kinds of identity, in order of precedence: the first that a request proves is the one that counts. */
export const AUTH_MODES = ["user", "virtual_key", "session"] as const;

export type AuthMode = (typeof AUTH_MODES)[number];

/**
 * Who is calling: (auth mode, identity id). The two always travel together: `1` as a user and `1` as a virtual key are
 * different identities (CVE-2026-67330: namespaces that collided resolved other people's accounts).
 */
export interface Identity {
  readonly mode: AuthMode;
  /** 1 to 255 visible ASCII characters, compared byte by byte. */
  readonly id: string;
}

// Visible ASCII only: no separators that a store could fold, no two Unicode normal forms of one name, no look-alikes.
const IDENTITY_ID = /^[\x21-\x7e]{1,255}$/;

export function isAuthMode(value: string): value is AuthMode {
  return (AUTH_MODES as readonly string[]).includes(value);
}

/**
 * @param mode one of `user`, `virtual_key`, `session`
 * @param id 1 to 255 visible ASCII characters, taken as it is (never trimmed, never case-folded)
 * @throws KeywardError `invalid_identity`
 */
export function parseIdentity(mode: string, id: string): Identity {
  if (!isAuthMode(mode) || !IDENTITY_ID.test(id)) {
    throw new KeywardError("invalid_identity");
  }
  return { mode, id };
}

export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.mode === b.mode && a.id === b.id;
}

/** A key for maps and rate limits: `[` `:` and `]` cannot make two identities meet, because the mode is a closed set. */
export function identityKey(identity: Identity): string {
  return `${identity.mode}:${identity.id}`;
}
