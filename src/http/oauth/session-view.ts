import type { Adapter } from "oidc-provider";
import { currentVisit } from "./visit.ts";

/** Under this name oidc-provider is shown the dashboard session. A cookie that a browser sends is never read. */
export const SESSION_COOKIE = "keyward_oauth_session";

/** The value of the cookie that a request is given when somebody is signed in; it proves nothing. */
export const SESSION_VIEW_ID = "dashboard";

/**
 * oidc-provider keeps a login of its own in a cookie: after A had signed out and B in, a client got a token for A. Here
 * its session is a view of the dashboard session of this very request. Nothing of it is stored, and no cookie of it is
 * read from a browser or sent to one (`mount.ts`).
 *
 * @param uidOf ties an authorization to the dashboard session that began it
 */
export function createSessionView(uidOf: (sessionId: string) => string): Adapter {
  const none = () => Promise.resolve(undefined);
  return {
    async find(id) {
      const signedIn = currentVisit()?.signedIn ?? null;
      return signedIn === null || id !== SESSION_VIEW_ID
        ? undefined
        : { kind: "Session", jti: id, uid: uidOf(signedIn.sessionId), accountId: signedIn.user.id };
    },
    upsert: none,
    destroy: none,
    consume: none,
    findByUid: none,
    findByUserCode: none,
    revokeByGrantId: none,
  };
}
