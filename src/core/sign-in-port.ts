import type { AuditEntry } from "./audit.ts";
import type { PasswordHash } from "./people-port.ts";
import type { Role, User } from "./user.ts";

/*
 * The part of the Store port that knows who is signed in where. The sign-in library makes sessions; whatever ends them,
 * and whatever has to be one transaction with its audit event, is here.
 */

/** One place where a user is signed in. */
export interface UserSession {
  readonly id: string;
  /** Milliseconds since the epoch, UTC. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Where it was made from, as far as it is known. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** Somebody for whom the issuer of single sign-on vouches: the claims have been verified. */
export interface VouchedPerson {
  /** The issuer's name for the person, which never changes: the claim `sub`. */
  readonly subject: string;
  /** Lower-case; verified by the issuer. */
  readonly email: string;
  readonly name: string;
  /** What the issuer's groups say; null = they say nothing, and the role is Keyward's to give. */
  readonly role: Role | null;
  /** Used only when the person is new. */
  readonly newUserId: string;
}

export type Admission =
  | { readonly kind: "admitted"; readonly user: User }
  /** The address belongs to somebody who signs in otherwise. */
  | { readonly kind: "account_exists" }
  | { readonly kind: "disabled"; readonly user: User };

/** The provider under which the accounts of single sign-on lie. */
export const SINGLE_SIGN_ON = "oidc";

export interface SignInStore {
  /** The live session of a token that a cookie has proved, and its user in any state; null when unknown or expired. */
  findSession(token: string): Promise<{ readonly sessionId: string; readonly user: User } | null>;
  /** Live ones, newest first. */
  listSessions(userId: string): Promise<readonly UserSession[]>;
  /** @returns false when the user has no such live session: then nothing is audited */
  endSession(userId: string, sessionId: string, audit: AuditEntry): Promise<boolean>;
  /**
   * Ends every session of a user but one, with one event if there was any.
   * @param exceptSessionId null = all of them
   * @returns how many live ones there were
   */
  endSessions(userId: string, exceptSessionId: string | null, audit: AuditEntry): Promise<number>;
  /** Deletes at most `limit` sessions that have expired; any number of replicas may sweep at once. @returns how many went */
  sweepSessions(limit: number): Promise<number>;
  /** null when there is no such user, or the user has no password. */
  findPassword(userId: string): Promise<PasswordHash | null>;
  /**
   * Replaces a password and ends every other session of the user, if the password is still the one that was judged. Two
   * racers with the same old password: one wins.
   * @returns whether it was replaced
   */
  changePassword(
    userId: string,
    change: { readonly from: PasswordHash; readonly to: PasswordHash; readonly keepSessionId: string },
    audit: AuditEntry,
  ): Promise<boolean>;
  /**
   * Lets in somebody whom the issuer vouches for: finds the user of the account, or creates both (`user.joined`). An
   * address that a user has already is never taken over, whatever either side says of it. The role follows the issuer
   * (`user.updated`), except that the last administrator stays one. Two racers for one new person: one user.
   */
  admitVouched(person: VouchedPerson, audit: Pick<AuditEntry, "requestId" | "address">): Promise<Admission>;
}
