import { clientNameOf } from "../../core/client-name.ts";
import { KeywardError } from "../../core/errors.ts";
import type { SignInStore } from "../../core/sign-in-port.ts";
import { signedInOf } from "../context.ts";
import { sessionRoutes } from "../contract/session-routes.ts";
import type { Mount } from "../mount.ts";
import { ended } from "./entrance.ts";

interface OwnSessionParts {
  readonly store: Pick<SignInStore, "listSessions" | "endSession" | "endSessions">;
  readonly sessions: { readonly clearedCookie: string };
}

/** Where somebody is signed in, for that person alone: a foreign id is answered like an unknown one. */
export function mountOwnSessions(mount: Mount, parts: OwnSessionParts): void {
  const { store, sessions } = parts;

  mount(sessionRoutes.signOut, async (c) => {
    const { user, sessionId } = signedInOf(c);
    await store.endSession(user.id, sessionId, ended(c, user, "signed_out"));
    c.header("Set-Cookie", sessions.clearedCookie);
    return c.body(null, 204);
  });

  mount(sessionRoutes.list, async (c) => {
    const { user, sessionId } = signedInOf(c);
    const live = await store.listSessions(user.id);
    const items = live.map(({ id, createdAt, expiresAt, address, userAgent }) => ({
      id,
      current: id === sessionId,
      created_at: createdAt,
      expires_at: expiresAt,
      address,
      client: clientNameOf(userAgent),
    }));
    return c.json({ items }, 200);
  });

  mount(sessionRoutes.end, async (c) => {
    const { user, sessionId } = signedInOf(c);
    const { id } = c.req.valid("param");
    if (!(await store.endSession(user.id, id, ended(c, user, "revoked")))) {
      throw new KeywardError("session_not_found");
    }
    if (id === sessionId) {
      c.header("Set-Cookie", sessions.clearedCookie);
    }
    return c.body(null, 204);
  });

  mount(sessionRoutes.endAll, async (c) => {
    const { user } = signedInOf(c);
    await store.endSessions(user.id, null, ended(c, user, "signed_out_everywhere"));
    c.header("Set-Cookie", sessions.clearedCookie);
    return c.body(null, 204);
  });
}
