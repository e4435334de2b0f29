import type { AuditEntry } from "./audit.ts";
import type { Identity } from "./identity.ts";
import type { Intent } from "./people-port.ts";
import type { Server } from "./server.ts";

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
