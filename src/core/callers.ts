import type { Identity } from "./identity.ts";
import type { Clock, Vault } from "./ports.ts";
import { Secret } from "./secret.ts";
import type { VirtualKeyStore } from "./store-port.ts";
import { parseToken } from "./token.ts";
import { identityOf, isUsable, type VirtualKey } from "./virtual-key.ts";

/** Who makes a request, proven. */
export interface Caller {
  readonly identity: Identity;
  /** The key that proved it; null for a session. */
  readonly virtualKey: VirtualKey | null;
}

/** Turns what a request presents into a proven identity, or into nothing. There is no second path. */
export interface Callers {
  /** @returns null when the key is malformed, unknown, disabled, expired or revoked */
  byVirtualKey(text: string): Promise<Caller | null>;
  /** @returns null when session identities are off, or the value is not 32 to 512 visible ASCII characters */
  bySession(value: string): Caller | null;
}

const SESSION_VALUE = /^[\x21-\x7e]{32,512}$/;

export function createCallers(parts: {
  readonly store: Pick<VirtualKeyStore, "findVirtualKeyByDigest">;
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  /** `KEYWARD_SESSION_IDENTITIES`. */
  readonly areSessionsEnabled: boolean;
}): Callers {
  const { store, vault, clock, areSessionsEnabled } = parts;
  return {
    async byVirtualKey(text) {
      const token = parseToken("virtual_key", text);
      const key = token === null ? null : await store.findVirtualKeyByDigest(vault.digest("virtual_key", token.secret));
      return key !== null && isUsable(key, clock.now()) ? { identity: identityOf(key), virtualKey: key } : null;
    },

    bySession(value) {
      if (!areSessionsEnabled || !SESSION_VALUE.test(value)) {
        return null;
      }
      // Only a keyed digest is ever kept: the value itself is in no row, no log and on no page.
      const id = `ses_${vault.digest("session_identity", new Secret(value))}`;
      return { identity: { mode: "session", id }, virtualKey: null };
    },
  };
}
