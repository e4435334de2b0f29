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
