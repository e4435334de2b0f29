import type { Identity } from "./identity.ts";
import { isAccessTokenLive, type OauthStore } from "./oauth-port.ts";
import { oauthRecordId } from "./oauth-record-id.ts";
import type { Clock, Vault } from "./ports.ts";
import { Secret } from "./secret.ts";
import type { VirtualKeyStore } from "./virtual-key-port.ts";
import { parseToken } from "./token.ts";
import { identityOf, isUsable, type VirtualKey } from "./virtual-key.ts";

/** Who makes a request, proven. */
export interface Caller {
  readonly identity: Identity;
  /** The key that proved it; null for a session or an app. */
  readonly virtualKey: VirtualKey | null;
  /** The app that a person has connected by OAuth, which acts for them; null for everything else. */
  readonly app: { readonly id: string } | null;
}

/** Turns what a request presents into a proven identity, or into nothing. There is no second path. */
export interface Callers {
  /** @returns null when the key is malformed, unknown, disabled, expired or revoked */
  byVirtualKey(text: string): Promise<Caller | null>;
  /** @returns null when session identities are off, or the value is not 32 to 512 visible ASCII characters */
  bySession(value: string): Caller | null;
  /**
   * @returns null when OAuth is off, or the token is malformed, unknown, expired, revoked, for another audience, or of a
   *   user who may not act
   */
  byAccessToken(text: string): Promise<Caller | null>;
  /** Whether an app may go on with what it has begun: unlike its access token, its grant does not end every 10 minutes. */
  isAppLive(appId: string): Promise<boolean>;
}

const SESSION_VALUE = /^[\x21-\x7e]{32,512}$/;

export function createCallers(parts: {
  readonly store: Pick<VirtualKeyStore, "findVirtualKeyByDigest"> & Pick<OauthStore, "findAccessToken" | "isAppLive">;
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  /** `KEYWARD_SESSION_IDENTITIES`. */
  readonly areSessionsEnabled: boolean;
  /** What access tokens must be for; absent or null = OAuth is off. */
  readonly audience?: string | null;
}): Callers {
  const { store, vault, clock, areSessionsEnabled, audience = null } = parts;
  return {
    async byVirtualKey(text) {
      const token = parseToken("virtual_key", text);
      const key = token === null ? null : await store.findVirtualKeyByDigest(vault.digest("virtual_key", token.secret));
      return key !== null && isUsable(key, clock.now())
        ? { identity: identityOf(key), virtualKey: key, app: null }
        : null;
    },

    bySession(value) {
      if (!areSessionsEnabled || !SESSION_VALUE.test(value)) {
        return null;
      }
      // Only a keyed digest is ever kept: the value itself is in no row, no log and on no page.
      const id = `ses_${vault.digest("session_identity", new Secret(value))}`;
      return { identity: { mode: "session", id }, virtualKey: null, app: null };
    },

    async byAccessToken(text) {
      if (audience === null || parseToken("access_token", text) === null) {
        return null;
      }
      const token = await store.findAccessToken(oauthRecordId(vault, "AccessToken", text));
      return token !== null && isAccessTokenLive(token, audience, clock.now())
        ? { identity: { mode: "user", id: token.userId }, virtualKey: null, app: { id: token.appId } }
        : null;
    },

    isAppLive: (appId) => store.isAppLive(appId),
  };
}
