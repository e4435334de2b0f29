import { type Actor, type AuditAction, type AuditEntry, entryOf, type RequestOrigin } from "./audit.ts";
import type { ClientConnections } from "./client-connections.ts";
import type { CredentialRecord } from "./credential.ts";
import { KeywardError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { parseKeyName } from "./key-issuer.ts";
import type { ListChangeSink } from "./list-change.ts";
import type { Intent } from "./people-port.ts";
import type { Upstream } from "./ports.ts";
import type { AccessStore, Grant, Reconciliation } from "./access-port.ts";
import type { CredentialStore } from "./credential-port.ts";
import type { KeyChangeOptions, VirtualKeyChange, VirtualKeyStore } from "./virtual-key-port.ts";
import { identityOf, type VirtualKey } from "./virtual-key.ts";

/** Who asks for a change, and from where. */
export interface Requester {
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

/**
 * Changes of access. The store reconciles rows in the change's own transaction; what remains here is to end what is
 * still open, towards the upstreams and towards the clients. A preview changes nothing and ends nothing.
 */
export interface AccessControl {
  /** @throws KeywardError `server_not_found`, `invalid_request` */
  replaceGrants(serverId: string, grants: readonly Grant[], by: Requester, intent?: Intent): Promise<Reconciliation>;
  /**
   * After it returns, no new upstream request carries the value.
   * @param onlyIdentity whose credential it must be; null = anyone's
   * @throws KeywardError `credential_not_found`
   */
  revokeCredential(id: string, onlyIdentity: Identity | null, by: Requester): Promise<CredentialRecord>;
  /** Anyone's, in one transaction; unknown ids are left out. @returns how many there were */
  revokeCredentials(ids: readonly string[], by: Requester): Promise<number>;
  /**
   * @throws KeywardError `virtual_key_not_found`, `invalid_request` for a name that may not be, `forbidden` for an owner
   *   who would raise or remove the limit
   */
  updateVirtualKey(
    id: string,
    change: VirtualKeyChange,
    by: Requester,
    options?: KeyChangeOptions,
  ): Promise<{ readonly key: VirtualKey; readonly reconciliation: Reconciliation }>;
  /** @throws KeywardError `virtual_key_not_found` */
  revokeVirtualKey(id: string, by: Requester, options?: KeyChangeOptions): Promise<Reconciliation>;
}

/** What is open, and has to end with the access to it. */
export interface Openings {
  readonly upstream: Pick<Upstream, "forgetCredential">;
  /** Absent = nobody is connected who would list again. */
  readonly listChanges?: ListChangeSink;
  /** Absent = nobody is connected. */
  readonly connections?: ClientConnections;
}

export function createAccessControl(
  parts: Openings & { readonly store: AccessStore & CredentialStore & VirtualKeyStore },
): AccessControl {
  const { store, upstream, listChanges, connections } = parts;

  function endCredentials(ids: readonly string[]): void {
    ids.forEach((id) => upstream.forgetCredential(id));
  }

  /** An owner's other keys go on. */
  function endStreams(key: VirtualKey): void {
    if (key.ownerUserId === null) {
      connections?.endOf(identityOf(key));
    } else {
      connections?.review();
    }
  }

  function endRevoked({ id, serverId, identity }: CredentialRecord): void {
    upstream.forgetCredential(id);
    listChanges?.changed({ serverId, identity });
  }

  return {
    async replaceGrants(serverId, grants, by, intent) {
      const entry = { ...entryOf(by, "grants.replaced"), serverId };
      const { reconciliation, orphanedIds } = await store.replaceGrants(serverId, grants, entry, intent);
      if (intent !== "preview") {
        endCredentials(orphanedIds);
        connections?.review();
        listChanges?.changed({ serverId });
      }
      return reconciliation;
    },

    async revokeCredential(id, onlyIdentity, by) {
      const revoked = await store.revokeCredential(id, entryOf(by, "credential.revoked"), onlyIdentity ?? undefined);
      if (revoked === null) {
        throw new KeywardError("credential_not_found");
      }
      endRevoked(revoked);
      return revoked;
    },

    async revokeCredentials(ids, by) {
      const revoked = await store.revokeCredentials(ids, entryOf(by, "credential.revoked"));
      revoked.forEach(endRevoked);
      return revoked.length;
    },

    async updateVirtualKey(id, change, by, options) {
      if (change.name !== undefined) {
        parseKeyName(change.name);
      }
      const entry = { ...keyEntry(by, "virtual_key.updated", id), detail: { changed: Object.keys(change) } };
      const updated = await store.updateVirtualKey(id, change, entry, options);
      if (updated === null) {
        throw new KeywardError("virtual_key_not_found");
      }
      const { key, reconciliation, orphanedIds } = updated;
      if (options?.intent !== "preview" && !key.isEnabled) {
        endCredentials(orphanedIds);
        endStreams(key);
      }
      return { key, reconciliation };
    },

    async revokeVirtualKey(id, by, options) {
      const key = await store.findVirtualKey(id);
      const credentialIds = await store.revokeVirtualKey(id, keyEntry(by, "virtual_key.revoked", id), options);
      if (credentialIds === null) {
        throw new KeywardError("virtual_key_not_found");
      }
      if (options?.intent !== "preview") {
        endCredentials(credentialIds);
        if (key !== null) {
          endStreams(key);
        }
      }
      return lossOf(credentialIds);
    },
  };
}

/** What it means for one identity that these credentials go. */
export function lossOf(credentialIds: readonly string[]): Reconciliation {
  return { orphaned: 0, reactivated: 0, needsUpdate: 0, people: Math.min(1, credentialIds.length) };
}

function keyEntry(by: Requester, action: AuditAction, id: string): AuditEntry {
  return { ...entryOf(by, action), identity: { mode: "virtual_key", id } };
}
