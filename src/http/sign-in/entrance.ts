import type { z } from "@hono/zod-openapi";
import type { AuditEntry } from "../../core/audit.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Logger } from "../../core/ports.ts";
import type { SignInStore } from "../../core/sign-in-port.ts";
import type { AuditStore } from "../../core/audit-port.ts";
import { actorOfUser, identityOfUser, type User } from "../../core/user.ts";
import { requestOriginOf, type HttpContext } from "../context.ts";
import type { User as UserSchema } from "../contract/user-routes.ts";
import type { OwnPages } from "./csrf.ts";
import type { DashboardSessions, Started } from "./dashboard-sessions.ts";
import type { Visitor } from "./library.ts";
import type { SignedIn } from "./signed-in.ts";

type Way = "password" | "setup" | "invite" | "single_sign_on";

/** What every way of signing in ends with. */
export interface Entrance {
  /**
   * Lets somebody in whose session has begun: the session that the browser had before ends, the event is written, and
   * then the cookie is given. Without the event there is no cookie, and the session ends again.
   * @returns what the page is told
   */
  admit(c: HttpContext, started: Started, way: Way): Promise<{ user: z.output<typeof UserSchema>; csrf_token: string }>;
  /** Writes that somebody was not let in. What was typed stands nowhere in it. */
  noteRefusal(c: HttpContext, user: User | null, reason: string): Promise<void>;
}

export function createEntrance(parts: {
  readonly store: Pick<SignInStore, "endSession"> & Pick<AuditStore, "appendAudit">;
  readonly sessions: DashboardSessions;
  readonly ownPages: OwnPages;
  readonly logger: Logger;
}): Entrance {
  const { store, sessions, ownPages, logger } = parts;

  async function before(c: HttpContext): Promise<SignedIn | null> {
    try {
      return await sessions.byCookie(c.req.raw.headers);
    } catch (error) {
      // Two cookies of our name: whichever the new one replaces, nobody is held up by them here.
      if (isKeywardError(error, "ambiguous_credentials")) {
        return null;
      }
      throw error;
    }
  }

  async function end(signedIn: SignedIn, c: HttpContext, reason: string): Promise<void> {
    await store.endSession(signedIn.user.id, signedIn.sessionId, ended(c, signedIn.user, reason));
  }

  return {
    async admit(c, { signedIn, setCookies }, way) {
      const { user } = signedIn;
      try {
        const replaced = await before(c);
        if (replaced !== null) {
          await end(replaced, c, "signed_in_again");
        }
        await store.appendAudit({
          ...requestOriginOf(c),
          actor: actorOfUser(user),
          action: "sign_in.succeeded",
          outcome: "ok",
          identity: identityOfUser(user),
          detail: { reason: way },
        });
      } catch (error) {
        await end(signedIn, c, "not_recorded").catch(() => logger.error("sign_in_not_undone"));
        throw error;
      }
      for (const cookie of setCookies) {
        c.header("Set-Cookie", cookie, { append: true });
      }
      return { user: showUser(user), csrf_token: ownPages.tokenOf(signedIn) };
    },

    noteRefusal: (c, user, reason) =>
      store.appendAudit({
        ...requestOriginOf(c),
        // Whoever it was has proved nothing.
        actor: { kind: "system" },
        action: "sign_in.failed",
        outcome: "refused",
        ...(user === null ? {} : { identity: identityOfUser(user) }),
        detail: { reason },
      }),
  };
}

/** The event of a session that its user ends. */
export function ended(c: HttpContext, user: User, reason: string): AuditEntry {
  return {
    ...requestOriginOf(c),
    actor: actorOfUser(user),
    action: "sign_in.ended",
    outcome: "ok",
    identity: identityOfUser(user),
    detail: { reason },
  };
}

export function visitorOf(c: HttpContext): Visitor {
  return { address: c.env.address, userAgent: c.req.header("user-agent") ?? null };
}

function showUser(user: User): z.output<typeof UserSchema> {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role,
    enabled: user.isEnabled,
    invited: user.isInvited,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}
