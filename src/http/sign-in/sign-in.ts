import type { Admins } from "../../core/admins.ts";
import { KeywardError } from "../../core/errors.ts";
import type { UserStore } from "../../core/people-port.ts";
import { requestOriginOf } from "../context.ts";
import { signInRoutes } from "../contract/sign-in-routes.ts";
import type { Mount } from "../mount.ts";
import type { DashboardSessions } from "./dashboard-sessions.ts";
import { type Entrance, visitorOf } from "./entrance.ts";
import { localPath } from "./local-path.ts";
import type { SignInLimits } from "./sign-in-limits.ts";
import type { SingleSignOn } from "./single-sign-on.ts";

export interface SignInParts {
  readonly store: Pick<UserStore, "findUserByEmail">;
  readonly admins: Pick<Admins, "isSetupOpen">;
  readonly sessions: DashboardSessions;
  readonly entrance: Entrance;
  readonly limits: SignInLimits;
  /** null when none is configured. */
  readonly singleSignOn: SingleSignOn | null;
}

export function mountSignIn(mount: Mount, parts: SignInParts): void {
  const { store, admins, sessions, entrance, limits, singleSignOn } = parts;

  mount(signInRoutes.options, async (c) => {
    // The page that asks is the one that somebody signs in on next.
    sessions.prepare();
    const sso = singleSignOn === null ? null : { label: singleSignOn.label };
    return c.json({ setup_open: await admins.isSetupOpen(), password: true as const, sso }, 200);
  });

  mount(signInRoutes.signIn, async (c) => {
    const { email, password } = c.req.valid("json");
    const started = await limits.guess({ address: c.env.address, account: email }, () =>
      sessions.start(email, password, visitorOf(c)),
    );
    if (started === null) {
      const user = await store.findUserByEmail(email.toLowerCase());
      await entrance.noteRefusal(c, user, user === null ? "unknown_account" : "password");
      throw new KeywardError("sign_in_failed");
    }
    return c.json(await entrance.admit(c, started, "password"), 200);
  });

  mount(signInRoutes.beginSingleSignOn, async (c) => {
    const sso = configured(singleSignOn);
    limits.assertMayVisit(c.env.address);
    const begun = await sso.begin(localPath(c.req.valid("query").next) ?? "/");
    if (begun === null) {
      return c.redirect(failure("sso_unavailable"), 302);
    }
    for (const cookie of begun.setCookies) {
      c.header("Set-Cookie", cookie, { append: true });
    }
    return c.redirect(begun.to, 302);
  });

  mount(signInRoutes.completeSingleSignOn, async (c) => {
    const sso = configured(singleSignOn);
    limits.assertMayVisit(c.env.address);
    const end = await sso.complete(c.req.query(), c.req.raw.headers, visitorOf(c), requestOriginOf(c));
    if (end.kind === "refused") {
      await entrance.noteRefusal(c, end.user, end.error);
      for (const cookie of end.setCookies) {
        c.header("Set-Cookie", cookie, { append: true });
      }
      return c.redirect(failure(end.error), 302);
    }
    const signedIn = await sessions.find(end.setCookies);
    if (signedIn === null) {
      return c.redirect(failure("sso_disabled"), 302);
    }
    await entrance.admit(c, { signedIn, setCookies: end.setCookies }, "single_sign_on");
    return c.redirect(localPath(end.next) ?? "/", 302);
  });
}

function configured(singleSignOn: SingleSignOn | null): SingleSignOn {
  if (singleSignOn === null) {
    throw new KeywardError("not_found");
  }
  return singleSignOn;
}

function failure(code: string): string {
  return `/sign-in?error=${code}`;
}
