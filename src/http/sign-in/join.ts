import type { Admins } from "../../core/admins.ts";
import { parseEmail } from "../../core/email.ts";
import { KeywardError } from "../../core/errors.ts";
import type { UserStore } from "../../core/people-port.ts";
import type { Clock, Random, Vault } from "../../core/ports.ts";
import { mintId, parseToken } from "../../core/token.ts";
import { identityOfUser } from "../../core/user.ts";
import { requestOriginOf, type HttpContext } from "../context.ts";
import { signInRoutes } from "../contract/sign-in-routes.ts";
import type { Mount } from "../mount.ts";
import type { DashboardSessions, Started } from "./dashboard-sessions.ts";
import { type Entrance, visitorOf } from "./entrance.ts";
import type { Passwords } from "./passwords.ts";
import type { SignInLimits } from "./sign-in-limits.ts";

export interface JoinParts {
  readonly store: Pick<UserStore, "completeSetupWithUser" | "isSetUp" | "findInvite" | "acceptInvite">;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  readonly clock: Clock;
  readonly passwords: Passwords;
  readonly sessions: DashboardSessions;
  readonly entrance: Entrance;
  readonly limits: SignInLimits;
  readonly admins: Pick<Admins, "isSetupOpen">;
}

/** How people come to a password: the first administrator by the setup token, everyone else by an invitation. */
export function mountJoin(mount: Mount, parts: JoinParts): void {
  const { store, vault, random, passwords, sessions, entrance, limits } = parts;

  /** A token is looked at as a guess at one. */
  function guess<T>(c: HttpContext, judge: () => Promise<T>): Promise<T> {
    return limits.guess({ address: c.env.address, account: null }, judge);
  }

  function digestOfInvite(text: string): string {
    const token = parseToken("invite", text);
    if (token === null) {
      throw new KeywardError("invite_not_found");
    }
    return vault.digest("invite", token.secret);
  }

  /** Whoever has just chosen a password is signed in by it, as anybody is. */
  async function start(c: HttpContext, email: string, password: string): Promise<Started> {
    const started = await sessions.start(email, password, visitorOf(c));
    if (started === null) {
      // Disabled or deleted in the meantime.
      throw new KeywardError("sign_in_failed");
    }
    return started;
  }

  mount(signInRoutes.setUpAdmin, (c) =>
    guess(c, async () => {
      const { setup_token: text, name, email: typed, password } = c.req.valid("json");
      const offered = parseToken("setup_token", text);
      if (offered === null) {
        throw new KeywardError("unauthenticated", { message: "That is not a setup token." });
      }
      if (await store.isSetUp()) {
        throw new KeywardError("setup_done");
      }
      const email = parseEmail(typed);
      const id = mintId("usr", random);
      const user = await store.completeSetupWithUser(
        vault.digest("setup_token", offered.secret),
        { id, name, email },
        await passwords.hash(password),
        {
          ...requestOriginOf(c),
          actor: { kind: "admin", id },
          action: "setup.completed",
          outcome: "ok",
          identity: identityOfUser({ id }),
          detail: { name },
        },
      );
      if (user === null) {
        throw new KeywardError("setup_done", { message: "This setup token is not valid, or has been used." });
      }
      return c.json(await entrance.admit(c, await start(c, email, password), "setup"), 201);
    }),
  );

  mount(signInRoutes.viewInvite, (c) =>
    guess(c, async () => {
      const invite = await store.findInvite(digestOfInvite(c.req.valid("json").token));
      if (invite === null) {
        throw new KeywardError("invite_not_found");
      }
      return c.json({ name: invite.user.name, email: invite.user.email, expires_at: invite.expiresAt }, 200);
    }),
  );

  mount(signInRoutes.acceptInvite, (c) =>
    guess(c, async () => {
      const { token, password } = c.req.valid("json");
      const digest = digestOfInvite(token);
      // Before the work of a hash, and again with it: the second look decides.
      if ((await store.findInvite(digest)) === null) {
        throw new KeywardError("invite_not_found");
      }
      const user = await store.acceptInvite(digest, await passwords.hash(password), {
        ...requestOriginOf(c),
        action: "user.joined",
        outcome: "ok",
        detail: { reason: "invite" },
      });
      if (user === null) {
        throw new KeywardError("invite_not_found");
      }
      return c.json(await entrance.admit(c, await start(c, user.email, password), "invite"), 200);
    }),
  );
}
