import type { Actor, AuditEntry, RequestOrigin } from "./audit.ts";
import type { SealForSlot } from "./credential-port.ts";
import type { Binding, CredentialRecord, SealedCredential, SetFrom, VerificationStrength } from "./credential.ts";
import type { Server, UpstreamOrigin } from "./server.ts";

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
