import type { HeaderValues } from "./header-values.ts";
import { identityKey, type Identity } from "./identity.ts";
import type { Sealed } from "./ports.ts";
import type { UpstreamOrigin } from "./server.ts";

/** The states that a row can be in. Access is orthogonal: see `orphanedAt`. */
export type CredentialStatus = "active" | "needs_update" | "rejected";

/** The state that is shown: `orphaned` whenever the identity has lost access, whatever lies beneath. */
export type ShownStatus = CredentialStatus | "orphaned";

/**
 * `proven`: a wrong value was refused, so the accepted one made the difference.
 * `accepted`: the server took the value, but would perhaps take any.
 */
export type VerificationStrength = "proven" | "accepted";

/** What a credential is bound to. All four are authenticated with the ciphertext, see `security.md` 6.3. */
export interface Binding {
  readonly identity: Identity;
  readonly serverId: string;
}

/** Ids of servers have no `/`, so no two bindings meet. */
export function bindingKey({ identity, serverId }: Binding): string {
  return `${serverId}/${identityKey(identity)}`;
}

/** From where values were set through a link: told to whoever they belong to, who may not be who set them. */
export interface SetFrom {
  /** Words of a closed list, such as `Firefox on Linux`; null = unknown. */
  readonly client: string | null;
  readonly address: string | null;
}

/** One identity's stored values for one server, without the values. */
export interface CredentialRecord extends Binding {
  readonly id: string;
  /** The origin the values were verified against, and the only one they are ever sent to. */
  readonly origin: UpstreamOrigin;
  /** The server's schema revision when the values were sealed. */
  readonly schemaRevision: number;
  /** Names only, so that lists never decrypt. */
  readonly fieldNames: readonly string[];
  /** 1 for the first value; +1 for each later one. */
  readonly version: number;
  readonly status: CredentialStatus;
  readonly statusReason: string | null;
  /** Since when the identity has had no access; null = it has access. */
  readonly orphanedAt: number | null;
  readonly verification: VerificationStrength | null;
  readonly verifiedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
  /** When these values were set. */
  readonly updatedAt: number;
  /** null when they were not set through a link. */
  readonly setFrom: SetFrom | null;
}

/** A row as it lies in the store. */
export interface SealedCredential extends CredentialRecord {
  readonly sealed: Sealed;
  /** Whether nobody has to be told any more when and from where these values were set. */
  readonly isTold: boolean;
}

/** A row with its values opened. Lives as long as one call. */
export interface HeaderCredential extends CredentialRecord {
  readonly headers: HeaderValues;
}

export function shownStatus(record: Pick<CredentialRecord, "status" | "orphanedAt">): ShownStatus {
  return record.orphanedAt === null ? record.status : "orphaned";
}

/** What can happen to a credential. The schema events carry whether the row satisfies the new schema. */
export type CredentialEvent =
  | { readonly type: "submission_committed" }
  | { readonly type: "schema_changed"; readonly isSatisfied: boolean }
  | { readonly type: "origin_changed" }
  | { readonly type: "upstream_rejected" };

type Transition = (event: CredentialEvent) => CredentialStatus;

/**
 * The state table of `data.md`. Access (orphaned or not) is not in it: it can neither hide nor undo these states.
 * The store's set-based statements are tested against this table.
 */
const TRANSITIONS: Readonly<Record<CredentialStatus, Transition>> = {
  active: (event) => {
    switch (event.type) {
      case "submission_committed":
        return "active";
      case "schema_changed":
        return event.isSatisfied ? "active" : "needs_update";
      case "origin_changed":
        return "needs_update";
      case "upstream_rejected":
        return "rejected";
    }
  },
  needs_update: (event) => {
    switch (event.type) {
      case "submission_committed":
        return "active";
      case "schema_changed":
        return event.isSatisfied ? "active" : "needs_update";
      case "origin_changed":
      case "upstream_rejected":
        return "needs_update";
    }
  },
  rejected: (event) => {
    switch (event.type) {
      case "submission_committed":
        return "active";
      case "origin_changed":
        return "needs_update";
      case "schema_changed":
      case "upstream_rejected":
        return "rejected";
    }
  },
};

export function nextStatus(status: CredentialStatus, event: CredentialEvent): CredentialStatus {
  return TRANSITIONS[status](event);
}
