import type { Actor } from "./audit.ts";
import type { Identity } from "./identity.ts";

/** What a person may do in the dashboard and the API. */
export type Role = "admin" | "user";

/** A person who signs in. Acts at the gateway as the identity (`user`, id). */
export interface User {
  /** `usr_...` */
  readonly id: string;
  readonly name: string;
  /** Lower-case; unique. */
  readonly email: string;
  readonly role: Role;
  /** A disabled user can neither sign in nor call; credentials are kept, unused. */
  readonly isEnabled: boolean;
  /** Whether an invitation is open and no way to sign in exists yet. */
  readonly isInvited: boolean;
  /** Milliseconds since the epoch, UTC. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A named set of users that servers can be granted to. */
export interface Group {
  /** `grp_...` */
  readonly id: string;
  /** 1 to 80 printable characters, unique whatever the letter case. */
  readonly name: string;
  readonly membersCount: number;
  readonly createdAt: number;
}

export function identityOfUser({ id }: Pick<User, "id">): Identity {
  return { mode: "user", id };
}

/** How the audit log names what a user does: an administrator's deeds are an administrator's, the own ones too. */
export function actorOfUser(user: Pick<User, "id" | "role">): Actor {
  return user.role === "admin" ? { kind: "admin", id: user.id } : { kind: "identity", identity: identityOfUser(user) };
}
