import type { Identity } from "./identity.ts";

/** An API key that Keyward issues to a caller. The key itself is shown once and stored only as a keyed digest. */
export interface VirtualKey {
  readonly id: string;
  readonly name: string;
  /** The first 8 characters of the key, for recognising it in lists. */
  readonly prefix: string;
  /** A key with an owner acts as that user; an ownerless one as itself. */
  readonly ownerUserId: string | null;
  readonly isEnabled: boolean;
  /** Milliseconds since the epoch, UTC; null = never. */
  readonly expiresAt: number | null;
  /** Calls per minute; null = no limit of its own. */
  readonly rateLimitPerMinute: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export const VIRTUAL_KEY_PREFIX_LENGTH = 8;

export function identityOf(key: Pick<VirtualKey, "id" | "ownerUserId">): Identity {
  return key.ownerUserId === null ? { mode: "virtual_key", id: key.id } : { mode: "user", id: key.ownerUserId };
}

/** Valid = enabled, not revoked, not expired at `now`. */
export function isUsable(key: Pick<VirtualKey, "isEnabled" | "revokedAt" | "expiresAt">, now: number): boolean {
  return key.isEnabled && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}
