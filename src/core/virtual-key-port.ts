import type { AccessChange } from "./access-port.ts";
import type { AuditEntry } from "./audit.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Intent } from "./people-port.ts";
import type { PresentedKey, VirtualKey } from "./virtual-key.ts";

export interface VirtualKeyChange {
  readonly name?: string;
  readonly isEnabled?: boolean;
  readonly expiresAt?: number | null;
  readonly rateLimitPerMinute?: number | null;
}

type NewVirtualKey = Omit<VirtualKey, "createdAt" | "lastUsedAt" | "revokedAt" | "rotatedAt" | "previousExpiresAt"> & {
  readonly digest: string;
};

export interface VirtualKeyFilter {
  readonly ownerUserId?: string;
  /** Case-insensitive substring of the key's name or its visible characters. */
  readonly q?: string;
}

export interface KeyChangeOptions {
  /** Default `apply`. */
  readonly intent?: Intent | undefined;
  /** The user who asks for it: a key of anybody else counts as absent. Absent = an administrator asks. */
  readonly onlyOwner?: string | undefined;
}

export interface VirtualKeyStore {
  /** @throws KeywardError `user_not_found` when the owner does not exist */
  createVirtualKey(key: NewVirtualKey, audit: AuditEntry): Promise<VirtualKey>;
  /** By its digest or the one before a rotation, in any state; the caller judges with `isUsable`. */
  findVirtualKeyByDigest(digest: string): Promise<PresentedKey | null>;
  findVirtualKey(id: string): Promise<VirtualKey | null>;
  /** Newest first. Revoked keys are left out. */
  listVirtualKeys(filter: VirtualKeyFilter, page: PageRequest): Promise<Page<VirtualKey>>;
  /**
   * Disabling orphans the credentials of an ownerless key, enabling reactivates them, in the same transaction.
   * @throws KeywardError `forbidden` for an owner who would loosen the limit
   * @returns null when there is no such key
   */
  updateVirtualKey(
    id: string,
    change: VirtualKeyChange,
    audit: AuditEntry,
    options?: KeyChangeOptions,
  ): Promise<(AccessChange & { readonly key: VirtualKey }) | null>;
  /**
   * Gives the key another secret. The one before works for `overlapMs` more (0 = not at all); one that was still in its
   * overlap stops at once. Two racers: the later one wins, and the earlier one's secret is the one before.
   * @returns null when there is no such key
   */
  rotateVirtualKey(
    id: string,
    secret: { readonly digest: string; readonly prefix: string },
    overlapMs: number,
    audit: AuditEntry,
    options?: Pick<KeyChangeOptions, "onlyOwner">,
  ): Promise<VirtualKey | null>;
  /**
   * For good. Grants, credentials, flows and tokens of an ownerless key go in the same transaction, each binding's
   * epoch +1; the row stays for the audit. @returns ids of the deleted credentials, or null when there is no such key
   */
  revokeVirtualKey(id: string, audit: AuditEntry, options?: KeyChangeOptions): Promise<readonly string[] | null>;
  /** Notes the last use; at most once a minute per key, written within seconds or at `close`. Best effort. */
  touchVirtualKey(id: string): Promise<void>;
}
