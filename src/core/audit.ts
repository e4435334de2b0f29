import type { Identity } from "./identity.ts";

/** Everything that is ever written to the audit log. Append only. */
export const AUDIT_ACTIONS = [
  "setup.completed",
  "sign_in.succeeded",
  "sign_in.failed",
  "sign_in.ended",
  "user.invited",
  "user.joined",
  "user.updated",
  "user.deleted",
  "group.created",
  "group.updated",
  "group.deleted",
  "admin_token.created",
  "admin_token.revoked",
  "app.authorized",
  "app.revoked",
  "server.created",
  "server.updated",
  "server.verified",
  "server.deleted",
  "server.tools_changed",
  "grants.replaced",
  "virtual_key.created",
  "virtual_key.updated",
  "virtual_key.rotated",
  "virtual_key.revoked",
  "flow.requested",
  "flow.opened",
  "flow.opener_mismatch",
  "flow.verification_refused",
  "flow.verification_failed",
  "credential.verified",
  "credential.stored",
  "credential.edited",
  "credential.used",
  "credential.rejected",
  "credential.revoked",
  "credential.swept",
  "vault.rotated",
  "vault.retired",
  "vault.staged",
  "vault.promoted",
  "vault.unstaged",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who did it: a person or program by its credential, or Keyward itself. */
export type Actor =
  | { readonly kind: "admin"; readonly id: string }
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "link"; readonly flowId: string }
  | { readonly kind: "system" };

/** An actor as one text: `admin:adm_...`, `virtual_key:vk_...`, `link:flow_...`, `system`. */
export function actorKey(actor: Actor): string {
  switch (actor.kind) {
    case "admin":
      return `admin:${actor.id}`;
    case "identity":
      return `${actor.identity.mode}:${actor.identity.id}`;
    case "link":
      return `link:${actor.flowId}`;
    case "system":
      return "system";
  }
}

/** From where, as far as it is known. */
export interface RequestOrigin {
  readonly requestId: string | null;
  /** Client address, as the socket or a trusted proxy says. */
  readonly address: string | null;
}

export const NO_ORIGIN: RequestOrigin = { requestId: null, address: null };

/** An event on its way into the log; the store adds id, time and hash. Never a value, a token or a length. */
export interface AuditEntry extends RequestOrigin {
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly outcome: "ok" | "refused";
  readonly serverId?: string;
  readonly identity?: Identity;
  readonly credentialId?: string;
  /** Of the credential; with `server.tools_changed`, of the server. */
  readonly version?: number;
  readonly detail?: AuditDetail;
}

/**
 * What a change that is about many credentials did to one of them. The change has one event, and each credential is a
 * subject of it: access lost or regained, state changed by an edit of the server, gone with the server or its identity.
 */
export const AUDIT_EFFECTS = ["orphaned", "reactivated", "needs_update", "active", "deleted"] as const;

export type AuditEffect = (typeof AUDIT_EFFECTS)[number];

/** The only keys that a detail may have. */
export interface AuditDetail {
  readonly name?: string;
  readonly fields?: readonly string[];
  readonly verification?: string;
  readonly reason?: string;
  readonly orphaned?: number;
  readonly reactivated?: number;
  readonly needsUpdate?: number;
  readonly changed?: readonly string[];
  /** Id of a group. */
  readonly group?: string;
  /** Words of a closed list, such as `Firefox on Linux`. */
  readonly client?: string;
  /** Credentials that went with the server or identity that was deleted. */
  readonly deleted?: number;
  /** SHA-256, hex, over the subjects of the event, so that the chain covers them too. */
  readonly subjects?: string;
}

/** The entry of a change that somebody has asked for. */
export function entryOf(
  by: { readonly actor: Actor; readonly origin: RequestOrigin },
  action: AuditAction,
): AuditEntry {
  return { ...by.origin, actor: by.actor, action, outcome: "ok" };
}

/** An event as it lies in the log. */
export interface AuditEvent extends AuditEntry {
  readonly id: number;
  /** Milliseconds since the epoch, UTC, by the database's clock. */
  readonly at: number;
  /** SHA-256, hex, over the event and `previousHash`: a changed or removed event breaks the chain. */
  readonly hash: string;
  readonly previousHash: string;
  /** In the log of one credential: what the event did to it as one of its subjects. */
  readonly effects?: readonly AuditEffect[];
}

/** What was found when the whole log was read. */
export interface AuditVerdict {
  readonly isIntact: boolean;
  /** Events that are as they were written, from the first on. */
  readonly events: number;
  /** The first event that was changed, or before which one is missing, or whose subjects differ; null when intact. */
  readonly brokenAt: number | null;
  /** Hash of the last event that is as it was written; 64 zeros when there is none. To be kept elsewhere: a removed end
   * cannot be seen from within. */
  readonly lastHash: string;
}
