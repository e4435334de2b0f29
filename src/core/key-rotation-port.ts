import type { AuditEntry } from "./audit.ts";
import type { SealedCredential } from "./credential.ts";
import type { OauthRecordFacts } from "./oauth-port.ts";
import type { Sealed } from "./ports.ts";
import type { UpstreamOrigin } from "./server.ts";
import type { NewKey } from "./key-port.ts";

/** What is sealed, table by table. */
export const SEALED_KINDS = ["credential", "server", "oauth_record"] as const;

export type SealedKind = (typeof SEALED_KINDS)[number];

/** A sealed value with all that it is bound to. */
export type SealedRow =
  | { readonly kind: "credential"; readonly credential: SealedCredential }
  | {
      readonly kind: "server";
      readonly server: {
        readonly id: string;
        readonly origin: UpstreamOrigin;
        readonly version: number;
        readonly staticHeaders: Sealed;
      };
    }
  | { readonly kind: "oauth_record"; readonly record: OauthRecordFacts & { readonly sealed: Sealed } };

/** The same value under another data key. */
export interface ResealedRow {
  /** As it was read. */
  readonly seen: SealedRow;
  readonly sealed: Sealed;
}

/** How much is sealed under one data key. */
export interface SealedCounts {
  readonly keyId: string;
  readonly credentials: number;
  /** Servers with static headers. */
  readonly servers: number;
  readonly oauthRecords: number;
}

type RetireOutcome =
  | { readonly kind: "retired" }
  /** It was before; nothing was written. */
  | { readonly kind: "retired_before" }
  | { readonly kind: "in_use"; readonly counts: SealedCounts }
  /** It seals new values. */
  | { readonly kind: "current" }
  /** There is no such data key. */
  | { readonly kind: "unknown" };

/**
 * The part of the store that replaces keys while Keyward serves. Every method is one transaction, with its audit event.
 *
 * No sealed value is ever written under a retired key: whoever writes one looks at the key in the same transaction. A
 * retirement either counts the value, or is seen by the writer, who is then refused with `credential_store_unavailable` and
 * comes back with the current key.
 */
export interface KeyRotationStore {
  /**
   * The new key becomes current, the current one readable, and the keycheck is replaced.
   * @returns false when `replaces` is not current any more (of two racers one wins), or a key-encryption key is staged
   */
  rotateDataKey(
    change: { readonly key: NewKey; readonly replaces: string; readonly keycheck: Sealed },
    audit: AuditEntry,
  ): Promise<boolean>;
  /** Destroys a readable data key under which nothing is sealed any more: its bytes go from the row. */
  retireDataKey(id: string, audit: AuditEntry): Promise<RetireOutcome>;

  /**
   * Adds to every key that is not retired its wrapping by another key-encryption key.
   * @returns false when one is staged already, or the keys are not those of `wrappings` any more
   */
  stageWrappings(
    kekId: string,
    wrappings: readonly { readonly keyId: string; readonly wrapped: Uint8Array }[],
    audit: AuditEntry,
  ): Promise<boolean>;
  /** The staged wrappings take the place of the others. @returns false when `kekId` is not what is staged */
  promoteWrappings(kekId: string, audit: AuditEntry): Promise<boolean>;
  /** Forgets the staged wrappings. @returns false when `kekId` is not what is staged */
  unstageWrappings(kekId: string, audit: AuditEntry): Promise<boolean>;

  /** Keys under which nothing is sealed are left out. */
  countSealed(): Promise<readonly SealedCounts[]>;
  /** Rows sealed under a key, in the order of their ids. @param after the id of the last row before; null = from the first */
  listSealed(kind: SealedKind, keyId: string, after: string | null, limit: number): Promise<readonly SealedRow[]>;
  /**
   * Replaces the ciphertext of each row that is still as it was seen, and nothing else of it. Whatever changed, was
   * revoked or was re-sealed in the meantime stays as it is. Not audited: nothing that anybody could see changes.
   * @returns how many were replaced
   */
  reseal(rows: readonly ResealedRow[]): Promise<number>;
  /** Adds to the counts of seals, by key. */
  noteSeals(seals: ReadonlyMap<string, number>): Promise<void>;
}
