import type { AuditEntry } from "./audit.ts";
import type { AccessChange } from "./access-port.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Group, Role, User } from "./user.ts";

/*
 * The part of the Store port that knows people. Access follows from rows: whatever changes who may use a server
 * reconciles credentials and flows in its own transaction, set-based.
 */

/**
 * Whether a change is made or only tried. `preview`: everything happens in a transaction that is rolled back, so that
 * the counts are exactly those of the change; nothing is audited.
 */
export type Intent = "apply" | "preview";

export interface NewUser {
  readonly id: string;
  readonly name: string;
  /** Lower-case. */
  readonly email: string;
  readonly role: Role;
  readonly groupIds: readonly string[];
}

export interface UserChange {
  readonly name?: string;
  readonly role?: Role;
  readonly isEnabled?: boolean;
}

export interface UserFilter {
  readonly role?: Role;
  readonly isEnabled?: boolean;
  readonly groupId?: string;
  /** Case-insensitive substring of name or address. */
  readonly q?: string;
}

/** A password that has been hashed; never the password. */
export type PasswordHash = string & { readonly __brand: "PasswordHash" };

interface UserRemoval {
  /** Ids of the credentials that went with the user. */
  readonly credentialIds: readonly string[];
  /** Ids of the virtual keys that were revoked with the user. */
  readonly virtualKeyIds: readonly string[];
}

/** A user, and until when the invitation of the same call is open. */
interface Invited {
  readonly user: User;
  /** Milliseconds since the epoch, UTC. */
  readonly expiresAt: number;
}

export interface UserStore {
  /**
   * Creates a user without a way to sign in, and an invitation that gives one.
   * @throws KeywardError `email_taken`; `group_not_found`
   */
  inviteUser(
    user: NewUser,
    invite: { readonly digest: string; readonly ttlMs: number },
    audit: AuditEntry,
  ): Promise<Invited>;
  /**
   * Replaces the open invitations of a user, as after a forgotten password. The password that exists works until the
   * new one is set. @returns null when there is no such user
   */
  reinviteUser(
    userId: string,
    invite: { readonly digest: string; readonly ttlMs: number },
    audit: AuditEntry,
  ): Promise<Invited | null>;
  /** Whose live invitation it is; null for that of a disabled user too. No side effect. */
  findInvite(digest: string): Promise<Invited | null>;
  /**
   * Uses up an invitation and sets the password; all sessions of the user end. Two racers: one wins.
   * @returns null when it is unknown, used or expired, or the user is disabled
   */
  acceptInvite(digest: string, password: PasswordHash, audit: Omit<AuditEntry, "actor">): Promise<User | null>;
  /**
   * Uses up the setup token and creates the first admin with a password. Two racers: one admin.
   * @returns null when it is not the token, or has been used
   */
  completeSetupWithUser(
    setupDigest: string,
    user: Omit<NewUser, "role" | "groupIds">,
    password: PasswordHash,
    audit: AuditEntry,
  ): Promise<User | null>;
  /** Whether setup has been done: no token is on offer any more. */
  isSetUp(): Promise<boolean>;
  findUser(id: string): Promise<User | null>;
  /** Several at once; unknown ids are left out. */
  findUsers(ids: readonly string[]): Promise<readonly User[]>;
  findUserByEmail(email: string): Promise<User | null>;
  /** By name, keyset-paged. */
  listUsers(filter: UserFilter, page: PageRequest): Promise<Page<User>>;
  /**
   * Disabling ends all sessions and orphans the user's credentials, enabling reactivates them, in the same transaction;
   * also for the keys that the user owns.
   * @throws KeywardError `last_admin` when no enabled administrator would be left who has a way to sign in
   * @returns null when there is no such user
   */
  updateUser(
    id: string,
    change: UserChange,
    intent: Intent,
    audit: AuditEntry,
  ): Promise<(AccessChange & { readonly user: User }) | null>;
  /**
   * For good: sessions, accounts, memberships, grants, credentials, flows and OAuth grants go, owned virtual keys are
   * revoked, each binding's epoch +1, in one transaction. Ids are never used again. One `virtual_key.revoked` event for
   * each key, beside the given one.
   * @throws KeywardError `last_admin`
   * @returns null when there is no such user
   */
  deleteUser(id: string, intent: Intent, audit: AuditEntry): Promise<UserRemoval | null>;
}

export interface GroupStore {
  /** @throws KeywardError `name_taken` */
  createGroup(group: { readonly id: string; readonly name: string }, audit: AuditEntry): Promise<Group>;
  /** By name. */
  listGroups(page: PageRequest): Promise<Page<Group>>;
  findGroup(id: string): Promise<Group | null>;
  /** @throws KeywardError `name_taken` @returns null when there is no such group */
  renameGroup(id: string, name: string, audit: AuditEntry): Promise<Group | null>;
  /** Its grants go with it; access is reconciled. @returns null when there was none */
  deleteGroup(id: string, intent: Intent, audit: AuditEntry): Promise<AccessChange | null>;
  /** The groups of a user, by name. */
  listGroupsOf(userId: string): Promise<readonly Group[]>;
  /**
   * Adds and removes members in one transaction and reconciles the access of exactly those. Beside the given event there
   * is one for each user who came or went, so that the log of a user tells it. Whoever is already a member,
   * or is none, is left as is; an id that is named in both is added.
   * @throws KeywardError `group_not_found`, `user_not_found` for one to add
   */
  changeMembers(
    groupId: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    intent: Intent,
    audit: AuditEntry,
  ): Promise<AccessChange>;
}
