import type { AuditEntry, RequestOrigin } from "./audit.ts";
import type {
  Binding,
  CredentialRecord,
  CredentialStatus,
  SealedCredential,
  ShownStatus,
  VerificationStrength,
} from "./credential.ts";
import type { AuthMode, Identity } from "./identity.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Sealed } from "./ports.ts";
import type { UpstreamOrigin } from "./server.ts";

/** The id and version that a value is about to be sealed for; both are authenticated with the ciphertext. */
export interface CredentialSlot {
  readonly credentialId: string;
  readonly version: number;
}

/** Seals values for a slot. Synchronous and without side effects: the store calls it inside its transaction. */
export type SealForSlot = (slot: CredentialSlot) => Sealed;

export interface CredentialToStore extends Binding {
  readonly origin: UpstreamOrigin;
  readonly schemaRevision: number;
  readonly fieldNames: readonly string[];
  readonly verification: VerificationStrength | null;
  readonly status: CredentialStatus;
}

export interface CredentialFilter {
  readonly serverId?: string;
  readonly identity?: Identity;
  readonly authMode?: AuthMode;
  readonly status?: ShownStatus;
  /** Case-insensitive substring of server name, virtual key name or identity id. */
  readonly q?: string;
}

/** A row of a list: what a person needs to recognise it. */
export interface ListedCredential extends CredentialRecord {
  readonly serverName: string;
  /** Name of the virtual key, when the identity is one. */
  readonly identityName: string | null;
}

/** A revocation, without what the row itself says. */
export type RevocationEntry = Omit<AuditEntry, "serverId" | "identity" | "credentialId" | "version">;

/** One use of stored values, by the identity they belong to. */
export interface CredentialUse extends Binding {
  readonly credentialId: string;
  readonly version: number;
  readonly origin: RequestOrigin;
}

export type CredentialCounts = Readonly<Record<ShownStatus, number>> & { readonly serverId: string };

export interface CredentialStore {
  /** The row of the binding in any state, orphaned too; null = there is none. One indexed read. */
  readCredential(binding: Binding): Promise<SealedCredential | null>;
  findCredential(id: string): Promise<ListedCredential | null>;
  /** How many each server has, by the state that is shown; servers without any are left out. One statement. */
  countCredentials(): Promise<readonly CredentialCounts[]>;
  /**
   * For which bindings values have been stored since a position, oldest first, whoever stored them: the audit log is the
   * journal of it, and its ids are in the order of the commits. At most 1,000 at once.
   * @param position from the answer before; null = none: the answer says only where the log ends
   */
  listStoredSince(
    position: number | null,
  ): Promise<{ readonly position: number; readonly bindings: readonly Binding[] }>;
  /** Newest first; keyset-paged, filtered in SQL, never decrypts. */
  listCredentials(filter: CredentialFilter, page: PageRequest): Promise<Page<ListedCredential>>;
  /**
   * Writes the values of a binding: a new row with version 1, or the same id and `createdAt` with version +1.
   * Two racers are serialised: the later one wins, with its own version. Never clears `orphanedAt`. Audited as
   * `credential.stored` or `credential.edited`.
   * @throws KeywardError `server_not_found`
   */
  upsertCredential(
    credential: CredentialToStore,
    seal: SealForSlot,
    audit: Omit<AuditEntry, "action">,
  ): Promise<SealedCredential>;
  /**
   * Deletes the credential, the flow and the temp tokens of its binding and adds 1 to the access epoch, so that a
   * submission which is verifying meanwhile cannot commit. Idempotent.
   * @param onlyIdentity when given, a row of another identity counts as absent
   * @returns the revoked row, or null when there was none
   */
  revokeCredential(id: string, audit: RevocationEntry, onlyIdentity?: Identity): Promise<CredentialRecord | null>;
  /**
   * The same for several at once, in one transaction with one event each. Unknown ids are left out.
   * @returns the revoked rows
   */
  revokeCredentials(ids: readonly string[], audit: RevocationEntry): Promise<readonly CredentialRecord[]>;
  /**
   * Notes that the server has accepted the stored values once more, only if the row is active and still has that version.
   * @returns whether it was noted
   */
  noteVerification(
    id: string,
    version: number,
    verification: VerificationStrength,
    audit: Omit<AuditEntry, "detail">,
  ): Promise<boolean>;
  /** active -> rejected, only if the row still has that version. @returns whether it changed */
  rejectCredential(id: string, version: number, reason: string, audit: AuditEntry): Promise<boolean>;
  /**
   * Notes a use: when the row was last used, at most once a minute, and in the log (`credential.used`) the first use of
   * each version and then at most one an hour. Written within seconds, or at `close`. Best effort.
   */
  touchCredential(use: CredentialUse): Promise<void>;
  /**
   * Notes that the identity has been told when and from where this version was set; written with the uses, by one
   * conditional statement for all of them. Best effort: after a crash it may be told again.
   */
  noteTold(id: string, version: number): Promise<void>;
}
