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
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who did it: a person or program by its credential, or Keyward itself. */
export type Actor =
  | { readonly kind: "admin"; readonly id: string }
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "link"; readonly flowId: string }
  | { readonly kind: "system" };

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
}
