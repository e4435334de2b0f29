import type { Actor, RequestOrigin } from "./audit.ts";
import type { ClientConnections } from "./client-connections.ts";
import type { CredentialRecord } from "./credential.ts";
import { KeywardError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { parseKeyName } from "./key-issuer.ts";
import type { ListChangeSink } from "./list-change.ts";
import type { Upstream } from "./ports.ts";
import type {
  AccessStore,
  CredentialStore,
  Grant,
  Reconciliation,
  VirtualKeyChange,
  VirtualKeyStore,
} from "./store-port.ts";
import { identityOf, type VirtualKey } from "./virtual-key.ts";

/** Who asks for a change, and from where. */
export interface Requester {
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

/**
 * Changes of access. The store reconciles rows in the change's own transaction; what remains here is to end what is
 * still open towards the upstreams.
 */
export interface AccessControl {
  /** @throws KeywardError `server_not_found`, `invalid_request` */
  replaceGrants(serverId: string, grants: readonly Grant[], by: Requester): Promise<Reconciliation>;
  /**
   * After it returns, no new upstream request carries the value.
   * @param onlyIdentity whose credential it must be; null = anyone's
   * @throws KeywardError `credential_not_found`
   */
  revokeCredential(id: string, onlyIdentity: Identity | null, by: Requester): Promise<CredentialRecord>;
  /** @throws KeywardError `virtual_key_not_found`, `invalid_request` for a name that may not be */
  updateVirtualKey(id: string, change: VirtualKeyChange, by: Requester): Promise<VirtualKey>;
  /** @throws KeywardError `virtual_key_not_found` */
  revokeVirtualKey(id: string, by: Requester): Promise<void>;
}

export function createAccessControl(parts: {
  readonly store: AccessStore & CredentialStore & VirtualKeyStore;
  readonly upstream: Pick<Upstream, "forgetCredential" | "forgetServer">;
  /** Absent = nobody is connected who would list again. */
  readonly listChanges?: ListChangeSink;
  /** Absent = nobody is connected. */
  readonly connections?: ClientConnections;
}): AccessControl {
  const { store, upstream, listChanges, connections } = parts;
  return {
    async replaceGrants(serverId, grants, by) {
      const reconciliation = await store.replaceGrants(serverId, grants, {
        ...by.origin,
        actor: by.actor,
        action: "grants.replaced",
        outcome: "ok",
        serverId,
      });
      if (reconciliation.orphaned > 0) {
        upstream.forgetServer(serverId);
      }
      listChanges?.changed({ serverId });
      return reconciliation;
    },

    async revokeCredential(id, onlyIdentity, by) {
      const revoked = await store.revokeCredential(
        id,
        { ...by.origin, actor: by.actor, action: "credential.revoked", outcome: "ok" },
        onlyIdentity ?? undefined,
      );
      if (revoked === null) {
        throw new KeywardError("credential_not_found");
      }
      upstream.forgetCredential(revoked.id);
      listChanges?.changed({ serverId: revoked.serverId, identity: revoked.identity });
      return revoked;
    },

    async updateVirtualKey(id, change, by) {
      if (change.name !== undefined) {
        parseKeyName(change.name);
      }
      const key = await store.updateVirtualKey(id, change, {
        ...by.origin,
        actor: by.actor,
        action: "virtual_key.updated",
        outcome: "ok",
        identity: { mode: "virtual_key", id },
        detail: { changed: Object.keys(change) },
      });
      if (key === null) {
        throw new KeywardError("virtual_key_not_found");
      }
      if (!key.isEnabled) {
        connections?.endOf(identityOf(key));
      }
      return key;
    },

    async revokeVirtualKey(id, by) {
      const key = await store.findVirtualKey(id);
      const credentialIds = await store.revokeVirtualKey(id, {
        ...by.origin,
        actor: by.actor,
        action: "virtual_key.revoked",
        outcome: "ok",
        identity: { mode: "virtual_key", id },
      });
      if (credentialIds === null) {
        throw new KeywardError("virtual_key_not_found");
      }
      for (const credentialId of credentialIds) {
        upstream.forgetCredential(credentialId);
      }
      if (key !== null) {
        connections?.endOf(identityOf(key));
      }
    },
  };
}
