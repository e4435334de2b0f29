import type { AuditEntry } from "../core/audit.ts";
import type { PasswordHash } from "../core/people-port.ts";
import type { SignInStore, UserSession } from "../core/sign-in-port.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";
import { assertLimit } from "./page.ts";
import { admitVouched } from "./single-sign-on.ts";
import { inSteps } from "./sweep.ts";
import type { UserSessionsTable } from "./tables.ts";
import { isoNow, selectUsers, toUser } from "./user-row.ts";

/** The library's name for accounts that have a password; there is one such account for each user at the most. */
const PASSWORD = "credential";

export function createSignInStore(engine: Engine): SignInStore {
  return {
    async findSession(token) {
      const row = await engine.read((db, now) =>
        selectUsers(db)
          .innerJoin("user_sessions", "user_sessions.user_id", "users.id")
          .select(["user_sessions.id as session_id", "user_sessions.expires_at", now.as("now")])
          .where("user_sessions.token", "=", token)
          .executeTakeFirst(),
      );
      return row !== undefined && isLive(row) ? { sessionId: row.session_id, user: toUser(row) } : null;
    },

    async listSessions(userId) {
      const rows = await engine.read((db, now) =>
        db
          .selectFrom("user_sessions")
          .selectAll()
          .select(now.as("now"))
          .where("user_id", "=", userId)
          .orderBy("created_at", "desc")
          .orderBy("id")
          .execute(),
      );
      return rows.filter(isLive).map(toSession);
    },

    endSession: async (userId, sessionId, audit) =>
      (await engine.write((tx) => endSessions(tx, userId, { only: sessionId }, audit))) > 0,

    endSessions: (userId, exceptSessionId, audit) =>
      engine.write((tx) => endSessions(tx, userId, { except: exceptSessionId }, audit)),

    async sweepSessions(limit) {
      assertLimit(limit);
      return inSteps(engine, limit, async (tx, step) => {
        const now = isoNow(tx);
        const result = await tx.db
          .deleteFrom("user_sessions")
          .where("id", "in", (eb) =>
            eb
              .selectFrom("user_sessions")
              .select("id")
              .where("expires_at", "<=", now)
              .orderBy("expires_at")
              .limit(step),
          )
          .where("expires_at", "<=", now)
          .executeTakeFirstOrThrow();
        return Number(result.numDeletedRows);
      });
    },

    async findPassword(userId) {
      const row = await engine.read((db) =>
        db
          .selectFrom("user_accounts")
          .select("password")
          .where("provider_id", "=", PASSWORD)
          .where("account_id", "=", userId)
          .executeTakeFirst(),
      );
      return (row?.password ?? null) as PasswordHash | null;
    },

    changePassword: (userId, { from, to, keepSessionId }, audit) =>
      engine.write(async (tx) => {
        const changed = await tx.db
          .updateTable("user_accounts")
          .set({ password: to, updated_at: isoNow(tx) })
          .where("provider_id", "=", PASSWORD)
          .where("account_id", "=", userId)
          .where("password", "=", from)
          .returning("id")
          .executeTakeFirst();
        if (changed === undefined) {
          return false;
        }
        await tx.db
          .deleteFrom("user_sessions")
          .where("user_id", "=", userId)
          .where("id", "!=", keepSessionId)
          .execute();
        await appendAudit(tx, [audit]);
        return true;
      }),

    admitVouched: (person, audit) => engine.write((tx) => admitVouched(engine, tx, person, audit)),
  };
}

interface Which {
  readonly only?: string;
  readonly except?: string | null;
}

/** Expired ones go too, but do not count and are not worth an event. */
async function endSessions(tx: Tx, userId: string, { only, except }: Which, audit: AuditEntry): Promise<number> {
  let ending = tx.db.deleteFrom("user_sessions").where("user_id", "=", userId);
  if (only !== undefined) {
    ending = ending.where("id", "=", only);
  }
  if (typeof except === "string") {
    ending = ending.where("id", "!=", except);
  }
  const ended = await ending.returning("expires_at").execute();
  const now = isoNow(tx);
  const live = ended.filter((session) => session.expires_at > now).length;
  if (live > 0) {
    await appendAudit(tx, [audit]);
  }
  return live;
}

/** Times of the sign-in library are texts, so that they are compared here; with the engine's time, as any expiry is. */
function isLive(row: { readonly expires_at: string; readonly now: number }): boolean {
  return Date.parse(row.expires_at) > row.now;
}

function toSession(row: UserSessionsTable): UserSession {
  return {
    id: row.id,
    createdAt: Date.parse(row.created_at),
    expiresAt: Date.parse(row.expires_at),
    address: row.ip_address === "" ? null : row.ip_address,
    userAgent: row.user_agent === "" ? null : row.user_agent,
  };
}
