import { entryOf, type AuditEntry, type AuditAction } from "./audit.ts";
import { lossOf, type Openings, type Requester } from "./access.ts";
import { parseDisplayName } from "./display-name.ts";
import { parseEmail } from "./email.ts";
import { KeywardError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { Intent, UserChange, UserStore } from "./people-port.ts";
import type { Random, Vault } from "./ports.ts";
import type { Secret } from "./secret.ts";
import type { Reconciliation } from "./access-port.ts";
import { mintId, mintToken } from "./token.ts";
import type { Role, User } from "./user.ts";

const INVITE_TTL_MS = 7 * 24 * 60 * 60 * 1000;

interface InviteRequest {
  /** 1 to 80 printable characters. */
  readonly name: string;
  /** In any letter case. */
  readonly email: string;
  readonly role: Role;
  readonly groupIds: readonly string[];
}

/** A user with an invitation, whose token is in this answer only. */
export interface Invitation {
  readonly user: User;
  readonly token: Secret<string>;
  /** Milliseconds since the epoch, UTC. */
  readonly expiresAt: number;
}

/**
 * People, as administrators deal with them. The store changes rows, sessions and access in one transaction; what remains
 * here is to parse, to mint, and to end what is still open. A preview changes nothing and ends nothing.
 */
export interface People {
  /** @throws KeywardError `invalid_request`, `invalid_email`, `email_taken`, `group_not_found` */
  invite(request: InviteRequest, by: Requester): Promise<Invitation>;
  /** Another invitation in the place of those that are open. @throws KeywardError `user_not_found` */
  reinvite(userId: string, by: Requester): Promise<Invitation>;
  /** @throws KeywardError `user_not_found`, `invalid_request`, `last_admin` */
  update(
    id: string,
    change: UserChange,
    by: Requester,
    intent?: Intent,
  ): Promise<{ readonly user: User; readonly reconciliation: Reconciliation }>;
  /** For good, with everything that is the user's. @throws KeywardError `user_not_found`, `last_admin` */
  remove(id: string, by: Requester, intent?: Intent): Promise<Reconciliation>;
}

export function createPeople(
  parts: Openings & {
    readonly store: Pick<UserStore, "inviteUser" | "reinviteUser" | "findUser" | "updateUser" | "deleteUser">;
    readonly vault: Pick<Vault, "digest">;
    readonly random: Random;
  },
): People {
  const { store, vault, random, upstream, listChanges, connections } = parts;

  function mintInvite() {
    const { secret } = mintToken("invite", random);
    return { token: secret, invite: { digest: vault.digest("invite", secret), ttlMs: INVITE_TTL_MS } };
  }

  /** Whatever a user holds open: a key, an app or a page may all act as one. */
  function endAll(id: string, credentialIds: readonly string[]): void {
    credentialIds.forEach((credentialId) => upstream.forgetCredential(credentialId));
    connections?.endOf(identityOf(id));
  }

  return {
    async invite({ name, email, role, groupIds }, by) {
      const { token, invite } = mintInvite();
      const id = mintId("usr", random);
      const user = { id, name: parseDisplayName(name), email: parseEmail(email), role, groupIds };
      const entry = { ...userEntry(by, "user.invited", id), detail: { name: user.name } };
      return { ...(await store.inviteUser(user, invite, entry)), token };
    },

    async reinvite(userId, by) {
      const { token, invite } = mintInvite();
      const invited = await store.reinviteUser(userId, invite, userEntry(by, "user.invited", userId));
      return { ...found(invited), token };
    },

    async update(id, { name, ...asIs }, by, intent = "apply") {
      const change = name === undefined ? asIs : { ...asIs, name: parseDisplayName(name) };
      const entry = { ...userEntry(by, "user.updated", id), detail: { changed: Object.keys(change) } };
      const { user, reconciliation, orphanedIds } = found(await store.updateUser(id, change, intent, entry));
      if (intent !== "preview" && change.isEnabled !== undefined) {
        if (!user.isEnabled) {
          endAll(id, orphanedIds);
        }
        listChanges?.changed({ identity: identityOf(id) });
      }
      return { user, reconciliation };
    },

    async remove(id, by, intent = "apply") {
      const { name } = found(await store.findUser(id));
      const entry = { ...userEntry(by, "user.deleted", id), detail: { name } };
      const { credentialIds } = found(await store.deleteUser(id, intent, entry));
      if (intent !== "preview") {
        endAll(id, credentialIds);
      }
      return lossOf(credentialIds);
    },
  };
}

function identityOf(userId: string): Identity {
  return { mode: "user", id: userId };
}

function userEntry(by: Requester, action: AuditAction, userId: string): AuditEntry {
  return { ...entryOf(by, action), identity: identityOf(userId) };
}

/** @throws KeywardError `user_not_found` */
function found<T>(value: T | null): T {
  if (value === null) {
    throw new KeywardError("user_not_found");
  }
  return value;
}
