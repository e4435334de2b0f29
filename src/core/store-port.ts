import type { AttemptStore } from "./attempt-port.ts";
import type { Actor, AuditAction, AuditEntry, AuditEvent, AuditVerdict, RequestOrigin } from "./audit.ts";
import type {
  Binding,
  CredentialRecord,
  CredentialStatus,
  SealedCredential,
  SetFrom,
  ShownStatus,
  VerificationStrength,
} from "./credential.ts";
import type { HeaderSchema } from "./header-schema.ts";
import type { AuthMode, Identity } from "./identity.ts";
import type { OauthStore } from "./oauth-port.ts";
import type { GroupStore, Intent, UserStore } from "./people-port.ts";
import type { Sealed } from "./ports.ts";
import type { SignInStore } from "./sign-in-port.ts";
import type { Discovered, LinkPolicy, Server, ServerStatus, UpstreamOrigin, VerificationPolicy } from "./server.ts";
import type { PresentedKey, VirtualKey } from "./virtual-key.ts";

/*
 * The Store port names intentions, not CRUD. One method is one atomic promise: it happens wholly or not at all, also
 * under kill -9, and its comment says what it does under a race. Every method may throw KeywardError
 * `credential_store_unavailable` (the store could not be asked: never "there is none"). Expiry is judged by the store's
 * clock. A mutation and its audit entry are one transaction.
 */

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** From the previous page. @throws KeywardError `invalid_request` when it is not one of ours */
  readonly cursor?: string | null;
}

// --- servers ---

export type NewServer = Omit<Server, "schemaRevision" | "version" | "createdAt" | "updatedAt">;

/** What may be changed; absent = as it is. */
export interface ServerChange {
  readonly name?: string;
  readonly url?: string;
  readonly origin?: UpstreamOrigin;
  readonly headerSchema?: HeaderSchema;
  readonly staticHeaderNames?: readonly string[];
  readonly staticHeaders?: Sealed | null;
  readonly allowAllIdentities?: boolean;
  readonly linkPolicy?: LinkPolicy;
  readonly verification?: VerificationPolicy;
  readonly tools?: readonly string[] | null;
  readonly status?: ServerStatus;
  readonly discovered?: Discovered | null;
}

/** What a change of server, grants, key, user or group does to credentials. */
export interface Reconciliation {
  readonly orphaned: number;
  readonly reactivated: number;
  readonly needsUpdate: number;
  /** How many identities have a credential that moves to another state, or goes. */
  readonly people: number;
}

/** A change of access. */
export interface AccessChange {
  readonly reconciliation: Reconciliation;
  /** Ids of the credentials that lost access: what carries them has to end. */
  readonly orphanedIds: readonly string[];
}

export interface ServerStore {
  /** Two racers for one name: one wins. @throws KeywardError `name_taken` */
  createServer(server: NewServer, audit: AuditEntry): Promise<Server>;
  findServer(id: string): Promise<Server | null>;
  findServerByName(name: string): Promise<Server | null>;
  /** Ordered by name. */
  listServers(page: PageRequest): Promise<Page<Server>>;
  /**
   * Applies the change if the server still has `expectedVersion`, and in the same transaction, set-based:
   * a schema change adds 1 to `schemaRevision`, moves credentials by the state table (`needs_update` exactly for those
   * that now lack a required field or hold a value older than its field's format, `active` again for those that satisfy
   * the schema) and deletes the server's flows;
   * an origin change makes every credential `needs_update` and deletes the flows; a change of `allowAllIdentities` or of
   * `status` reconciles access. A constant number of statements, whatever the number of rows.
   * @throws KeywardError `server_not_found`, `stale_update`, `name_taken`
   */
  updateServer(
    id: string,
    expectedVersion: number,
    change: ServerChange,
    audit: AuditEntry,
    intent?: Intent,
  ): Promise<{ readonly server: Server; readonly reconciliation: Reconciliation }>;
  /** Grants, credentials, flows and tokens go with it (in the database). @returns null when there was none */
  deleteServer(id: string, audit: AuditEntry, intent?: Intent): Promise<Reconciliation | null>;
}

// --- access ---

/** One identity, or the users who are members of a group. */
type GrantSubject = { readonly identity: Identity } | { readonly groupId: string };

export type Grant = GrantSubject & {
  /** Tools that may be used under this grant; null = all that the server allows. */
  readonly tools: readonly string[] | null;
};

export type ListedGrant = Grant & {
  /** Name of the user, virtual key or group; null for a session. */
  readonly name: string | null;
};

/**
 * A server that an identity may use, with the tools it may use there: those of all grants that apply united, and then
 * intersected with the server's.
 */
export interface Access {
  readonly server: Server;
  readonly tools: readonly string[] | null;
}

export interface AccessStore {
  /** Groups first, then by kind and id of the identity. */
  listGrants(serverId: string): Promise<readonly ListedGrant[]>;
  /**
   * Replaces all grants of a server and reconciles access in the same transaction, set-based: credentials that lost
   * access are orphaned, those that regained it are reactivated, each with epoch +1; flows without access are deleted.
   * @throws KeywardError `server_not_found`; `invalid_request` for a user, group or virtual key that does not exist, a
   *   virtual key that acts as its owner, or a subject that is named twice
   */
  replaceGrants(serverId: string, grants: readonly Grant[], audit: AuditEntry, intent?: Intent): Promise<AccessChange>;
  /** The server of that name if it is `ready` and the identity may use it; else null (one answer for both). */
  findAccess(identity: Identity, serverName: string): Promise<Access | null>;
  /** Every `ready` server that the identity may use, ordered by name. */
  listAccess(identity: Identity): Promise<readonly Access[]>;
}

// --- credentials ---

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

// --- submission flows ---

/** Who asked for the values: told to the person who opens the link. Untrusted text, cut and cleaned. */
export interface RequestedBy {
  readonly clientName: string | null;
  readonly clientVersion: string | null;
  readonly address: string | null;
}

export type FlowState = "pending" | "verifying";

/** A pending request for values; at most one per binding. */
export interface SubmissionFlow extends Binding {
  readonly id: string;
  readonly state: FlowState;
  readonly attempts: number;
  readonly schemaRevision: number;
  readonly origin: UpstreamOrigin;
  readonly requestedBy: RequestedBy;
  /** When somebody who may has opened the link for the first time; null = nobody yet. */
  readonly openedAt: number | null;
  /** What the values will be stored under; null for a flow of before this was settled beforehand. */
  readonly credentialId: string | null;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface FlowToInitiate extends Binding {
  /** Used only when a new row is needed. */
  readonly newFlowId: string;
  readonly ttlMs: number;
  readonly requestedBy: RequestedBy;
}

export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly flow: SubmissionFlow; readonly server: Server }
  /** Another submission is being verified. */
  | { readonly kind: "busy" }
  /** Unknown, expired, used, out of attempts, or its server is not ready. */
  | { readonly kind: "gone" };

export interface SubmissionToCommit {
  readonly flowId: string;
  readonly claimId: string;
  readonly fieldNames: readonly string[];
  readonly verification: VerificationStrength;
  readonly seal: SealForSlot;
  readonly actor: Actor;
  readonly requestOrigin: RequestOrigin;
  readonly setFrom: SetFrom;
}

export type CommitOutcome =
  | { readonly kind: "committed"; readonly credential: SealedCredential }
  /** The claim is no longer ours: revoked, access lost, expired claim taken over, or deleted. */
  | { readonly kind: "gone" }
  /** Schema or origin of the server changed during verification. */
  | { readonly kind: "schema_changed" };

export interface FlowStore {
  /**
   * One row per binding whatever the concurrency: a live flow is kept and its expiry moved to now + ttl, but never
   * beyond its creation + 2 x ttl; an expired or locked one is replaced by a new id. Takes schema revision, origin and
   * access epoch from the database in the same statement. Audited (`flow.requested`) only when a new flow came to be.
   * @returns null when the identity has no access, or the server is not ready or wants no per-user headers
   */
  initiateFlow(flow: FlowToInitiate, audit: AuditEntry): Promise<SubmissionFlow | null>;
  /** A live flow; null when unknown, expired or locked. No side effect. */
  findFlow(id: string): Promise<SubmissionFlow | null>;
  /** The credential that was stored through this flow, if that is the binding's newest value. */
  findCompletedFlow(id: string): Promise<CredentialRecord | null>;
  /**
   * Notes that somebody who may has opened the link (`flow.opened`), the first time only: one conditional update, however
   * many open it at once. @returns whether this was the first
   */
  markFlowOpened(id: string, audit: AuditEntry): Promise<boolean>;
  /** Counts a wrong proof of opener; the `limit`-th locks the flow for good. Unknown flows are ignored. */
  countOpenerMismatch(id: string, limit: number, audit: AuditEntry): Promise<void>;
  /**
   * Takes the flow for one verification: pending (or a claim whose lease has run out) -> verifying, attempts +1. One
   * winner whatever the concurrency. A lease left behind by a crash runs out by itself.
   */
  claimFlow(
    id: string,
    claimId: string,
    options: { readonly leaseMs: number; readonly maxAttempts: number },
  ): Promise<ClaimOutcome>;
  /**
   * Stores the verified values and ends the flow, in one transaction which re-checks claim, schema revision, origin,
   * access epoch, server status and access: credential version +1 and `active`, flow and tokens deleted, the events
   * `credential.verified` and `credential.stored` (a first value) or `credential.edited`. A revoke, an access change or an edit during verification wins.
   */
  commitSubmission(submission: SubmissionToCommit): Promise<CommitOutcome>;
  /**
   * Gives the flow back after a verification that failed. `refused` keeps the attempt and deletes the flow when
   * `maxAttempts` are used up; `unknown` takes the attempt back. Does nothing when the claim is no longer ours.
   * @returns attempts left; 0 when the flow is gone
   */
  releaseFlow(
    id: string,
    claimId: string,
    outcome: "refused" | "unknown",
    options: { readonly maxAttempts: number; readonly audit: AuditEntry },
  ): Promise<number>;
  /**
   * Adds a link token to a live flow that has fewer than `maxLive` live ones. A fourth is refused rather than the first
   * killed: somebody may be typing behind the first.
   * @returns whether it was added
   */
  addTempToken(token: {
    readonly digest: string;
    readonly scope: string;
    readonly flowId: string;
    readonly maxLive: number;
  }): Promise<boolean>;
  /** A live token by its digest; it lives as long as its flow. */
  findTempToken(digest: string): Promise<{ readonly scope: string; readonly resourceId: string } | null>;
}

// --- virtual keys ---

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

// --- setup, audit, sweep ---

export interface AdminToken {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface AdminStore {
  /**
   * Offers a one-time setup token, unless setup has been done. A later offer replaces an earlier one.
   * @returns whether setup is still open
   */
  offerSetup(setupDigest: string): Promise<boolean>;
  /** Uses up the setup token and creates the first admin token. Two racers: one wins. @returns null when it is not the one */
  completeSetup(
    setupDigest: string,
    token: { readonly id: string; readonly name: string; readonly digest: string },
    audit: AuditEntry,
  ): Promise<AdminToken | null>;
  findAdminTokenByDigest(digest: string): Promise<AdminToken | null>;
  /** Newest first. */
  listAdminTokens(page: PageRequest): Promise<Page<AdminToken>>;
  createAdminToken(
    token: { readonly id: string; readonly name: string; readonly digest: string },
    audit: AuditEntry,
  ): Promise<AdminToken>;
  /**
   * @param options.isLastAllowed whether nobody else has to remain who may administer, because the configuration names
   *   a token
   * @throws KeywardError `last_admin` when neither another token nor an administrator who can sign in would be left
   * @returns false when there is no such token
   */
  revokeAdminToken(id: string, options: { readonly isLastAllowed: boolean }, audit: AuditEntry): Promise<boolean>;
}

export interface AuditFilter {
  readonly action?: AuditAction;
  readonly serverId?: string;
  readonly identity?: Identity;
  /** Events about it alone, and those that it is a subject of. */
  readonly credentialId?: string;
  /** Who did it, see `actorKey`. */
  readonly actor?: string;
  readonly outcome?: AuditEntry["outcome"];
  /** Milliseconds since the epoch: only events at or after. */
  readonly since?: number;
  /** Milliseconds since the epoch: only events before. */
  readonly until?: number;
}

export interface AuditStore {
  /** Newest first, keyset-paged. */
  listAudit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEvent>>;
  /**
   * Reads the whole log, oldest first, and compares each event, its place in the chain and its subjects with what was
   * written. In pages, so that it takes no more memory for a long log. What is written meanwhile may be left out.
   */
  verifyAudit(): Promise<AuditVerdict>;
  /** Writes an entry that has no mutation of its own. */
  appendAudit(entry: AuditEntry): Promise<void>;
}

export interface SweepStore {
  /**
   * Deletes at most `limit` flows that are expired and not under a live claim, with their tokens. The conditions are
   * re-evaluated in the delete itself: any number of replicas may sweep at once and a live row can never go.
   * @returns how many went
   */
  sweepExpiredFlows(limit: number): Promise<number>;
  /**
   * Deletes at most `limit` credentials that have been orphaned for longer than `retentionMs`, with one
   * `credential.swept` event each. Never one that has access. @returns how many went
   */
  sweepOrphanedCredentials(retentionMs: number, limit: number): Promise<number>;
  /** What a sweep would delete right now. */
  countSweepable(retentionMs: number): Promise<{ readonly expiredFlows: number; readonly orphanedCredentials: number }>;
}

/** The whole port. Each engine passes the same contract suite, `test/contract/`. */
export interface Store
  extends ServerStore,
    AccessStore,
    CredentialStore,
    FlowStore,
    VirtualKeyStore,
    AdminStore,
    AuditStore,
    SweepStore,
    AttemptStore,
    OauthStore,
    UserStore,
    GroupStore,
    SignInStore {
  /** Answers when the store can be read and written. @throws KeywardError `credential_store_unavailable` */
  ping(): Promise<void>;
  /**
   * What the clock says by which expiry is judged; milliseconds since the epoch, UTC.
   * @throws KeywardError `credential_store_unavailable`
   */
  time(): Promise<number>;
  /** How many uses this process could not note, since it started. */
  droppedUses(): number;
  close(): Promise<void>;
}

// --- keys ---

/** A data key as it lies in the store: wrapped by the key-encryption key. */
export interface WrappedKey {
  readonly id: string;
  /** `data` keys seal values, the `digest` key makes token digests. */
  readonly kind: "data" | "digest";
  readonly wrapped: Uint8Array;
  readonly kekId: string;
  /** A retired key has no bytes any more: `wrapped` is empty. */
  readonly state: "current" | "readable" | "retired";
  readonly createdAt: number;
  /** Values sealed under it, as far as they were counted. */
  readonly seals: number;
  /** The same key, wrapped by the key-encryption key that is to come; null unless one is staged. */
  readonly staged: { readonly kekId: string; readonly wrapped: Uint8Array } | null;
}

/** A key that was just made. */
export type NewKey = Pick<WrappedKey, "id" | "kind" | "wrapped" | "kekId" | "state">;

/** What has to be known of a database to open its keys. */
export interface KeyReader {
  /** Random at the first migration: a row copied from another deployment does not open. */
  deploymentId(): Promise<string>;
  listKeys(): Promise<readonly WrappedKey[]>;
  /** The sealed known plaintext that is opened at each start; null before the first. */
  readKeycheck(): Promise<Sealed | null>;
  /** Whether any row is sealed: then a missing key must stop the start rather than make a new one. */
  hasSealedRows(): Promise<boolean>;
}

/** What the key ring needs of a store. Written at the first start only, before there is a vault. */
export interface KeyStore extends KeyReader {
  /** First start: keys and keycheck in one transaction. Two racers: one wins, the other reads what the winner wrote. @returns whether this call won */
  installKeys(keys: readonly NewKey[], keycheck: Sealed): Promise<boolean>;
}
