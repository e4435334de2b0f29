import type { UserStore } from "../../core/people-port.ts";
import type { Clock, Logger, Random, Vault } from "../../core/ports.ts";
import type { SignInStore } from "../../core/sign-in-port.ts";
import type { Store } from "../../core/store-port.ts";
import type { AttemptStore } from "../../core/attempt-port.ts";
import { createOwnPages, type OwnPages } from "./csrf.ts";
import { createDashboardSessions, libraryParts, type DashboardSessions } from "./dashboard-sessions.ts";
import { createEntrance, type Entrance } from "./entrance.ts";
import type { LibraryDatabase } from "./library-options.ts";
import { createOwnAccount, type OwnAccount } from "./own-account.ts";
import { createPasswords, type PasswordCost, type Passwords } from "./passwords.ts";
import { createSignInLimits, type SignInLimits } from "./sign-in-limits.ts";
import { createSingleSignOn, type SingleSignOn, type SingleSignOnOptions } from "./single-sign-on.ts";

/** Everything about people who are signed in to the dashboard. The MCP path has no use for any of it. */
export interface SignIn {
  readonly sessions: DashboardSessions;
  readonly ownPages: OwnPages;
  readonly entrance: Entrance;
  readonly ownAccount: OwnAccount;
  readonly passwords: Passwords;
  readonly limits: SignInLimits;
  /** null when none is configured. */
  readonly singleSignOn: SingleSignOn | null;
}

export function composeSignIn(parts: {
  readonly store: UserStore & SignInStore & AttemptStore & Pick<Store, "appendAudit" | "time">;
  /** Where the sign-in library keeps its four tables: the store's own, statement by statement. */
  readonly database: LibraryDatabase;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly singleSignOn: SingleSignOnOptions | null;
  /** Absent = what a password is worth; tests of other things hash more cheaply. */
  readonly passwordCost?: PasswordCost;
}): SignIn {
  const { store, vault, random, clock, logger, publicUrl, singleSignOn } = parts;
  const passwords = createPasswords(random, parts.passwordCost);
  const limits = createSignInLimits({ store, vault, clock });
  const ownPages = createOwnPages({ vault, publicUrl });
  const sessions = createDashboardSessions({ ...parts, passwords });
  return {
    sessions,
    ownPages,
    entrance: createEntrance({ store, sessions, ownPages, logger }),
    ownAccount: createOwnAccount({ store, passwords, limits }),
    passwords,
    limits,
    singleSignOn:
      singleSignOn === null
        ? null
        : createSingleSignOn(singleSignOn, {
            store,
            library: libraryParts({ ...parts, passwords }),
            clock,
            random,
            logger,
          }),
  };
}
