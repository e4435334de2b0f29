import type { AuditEntry, RequestOrigin } from "../../core/audit.ts";
import { KeywardError } from "../../core/errors.ts";
import type { UserStore } from "../../core/people-port.ts";
import type { SignInStore } from "../../core/sign-in-port.ts";
import { actorOfUser, identityOfUser, type User } from "../../core/user.ts";
import type { Passwords } from "./passwords.ts";
import type { SignInLimits } from "./sign-in-limits.ts";
import type { SignedIn } from "./signed-in.ts";

interface OwnChange {
  readonly name?: string | undefined;
  readonly password?: { readonly current: string; readonly new: string } | undefined;
}

/** What people change of themselves. Everything else of them is an administrator's to change. */
export interface OwnAccount {
  /**
   * @returns the user as it is then
   * @throws KeywardError `sign_in_failed` when the current password is not right, `rate_limited`, `invalid_password`,
   *   `invalid_request` when there is no password; nothing is changed then, the name neither
   */
  change(signedIn: SignedIn, change: OwnChange, origin: RequestOrigin): Promise<User>;
}

export function createOwnAccount(parts: {
  readonly store: Pick<UserStore, "updateUser"> & Pick<SignInStore, "findPassword" | "changePassword">;
  readonly passwords: Passwords;
  readonly limits: SignInLimits;
}): OwnAccount {
  const { store, passwords, limits } = parts;

  async function changePassword(
    { user, sessionId }: SignedIn,
    { current, new: wanted }: NonNullable<OwnChange["password"]>,
    origin: RequestOrigin,
  ): Promise<void> {
    const from = await store.findPassword(user.id);
    if (from === null) {
      throw new KeywardError("invalid_request", {
        message: "You sign in by single sign-on: there is no password here.",
      });
    }
    const to = await passwords.hash(wanted);
    const isRight = await passwords.isRight(current, from);
    const change = { from, to, keepSessionId: sessionId };
    if (!isRight || !(await store.changePassword(user.id, change, changed(user, "password", origin)))) {
      throw new KeywardError("sign_in_failed", { message: "The current password is not right." });
    }
  }

  return {
    async change(signedIn, { name, password }, origin) {
      const { user } = signedIn;
      if (password !== undefined) {
        // A session that was left open must not become a way to guess the password.
        const guess = { address: origin.address, account: user.email };
        await limits.guess(guess, () => changePassword(signedIn, password, origin));
      }
      if (name === undefined || name === user.name) {
        return user;
      }
      const updated = await store.updateUser(user.id, { name }, "apply", changed(user, "name", origin));
      if (updated === null) {
        throw new KeywardError("unauthenticated");
      }
      return updated.user;
    },
  };
}

function changed(user: User, what: "name" | "password", origin: RequestOrigin): AuditEntry {
  return {
    ...origin,
    actor: actorOfUser(user),
    action: "user.updated",
    outcome: "ok",
    identity: identityOfUser(user),
    detail: { changed: [what] },
  };
}
