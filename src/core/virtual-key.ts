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
  /** When it was last given another secret; null = never. */
  readonly rotatedAt: number | null;
  /** Until when the secret before the last rotation works; null = there is none, or it stopped at once. */
  readonly previousExpiresAt: number | null;
}

/** A key as somebody has presented it. */
export interface PresentedKey extends VirtualKey {
  /** Whether it is the secret of before the last rotation. */
  readonly isPrevious: boolean;
  /** Whether the owner exists and is enabled; true for an ownerless key. */
  readonly isOwnerEnabled: boolean;
}

export const VIRTUAL_KEY_PREFIX_LENGTH = 8;

export function identityOf(key: Pick<VirtualKey, "id" | "ownerUserId">): Identity {
  return key.ownerUserId === null ? { mode: "virtual_key", id: key.id } : { mode: "user", id: key.ownerUserId };
}

/** Valid = enabled, as is its owner; not revoked; and neither the key nor the secret that was presented expired at `now`. */
export function isUsable(key: PresentedKey, now: number): boolean {
  const isSecretAlive = !key.isPrevious || (key.previousExpiresAt ?? 0) > now;
  const isAlive = key.expiresAt === null || key.expiresAt > now;
  return key.isEnabled && key.isOwnerEnabled && key.revokedAt === null && isSecretAlive && isAlive;
}
