import { KeywardError } from "../core/errors.ts";
import type { NewUser, PasswordHash, UserStore } from "../core/people-port.ts";
import { mintId } from "../core/token.ts";
import { appendAudit } from "./audit.ts";
import { toBit } from "./columns.ts";
import type { Engine, Tx } from "./engine.ts";
import { addMemberships, assertGroups, membershipEntries } from "./memberships.ts";
import { readSetting, SETUP_DONE } from "./settings.ts";
import { useUpSetup } from "./setup.ts";
import { isoNow, readUser, selectUsers, toUser } from "./user-row.ts";

type InviteStore = Pick<
  UserStore,
  "inviteUser" | "reinviteUser" | "findInvite" | "acceptInvite" | "completeSetupWithUser" | "isSetUp"
>;

/** How people come to be, and to a password: by the setup token or by an invitation. */
export function createInviteStore(engine: Engine): InviteStore {
  return {
    inviteUser: (user, invite, audit) =>
      engine.write(async (tx) => {
        await assertGroups(tx, user.groupIds);
        await insertUser(tx, user);
        const expiresAt = await insertInvite(tx, user.id, invite);
        const memberships = user.groupIds.map((groupId) => ({ group_id: groupId, user_id: user.id }));
        const added = await addMemberships(tx, memberships);
        await appendAudit(tx, [audit, ...membershipEntries(audit, added, "member_added")]);
        return { user: await justWritten(tx, user.id), expiresAt };
      }),

    reinviteUser: (userId, invite, audit) =>
      engine.write(async (tx) => {
        if ((await readUser(tx.db, userId)) === null) {
          return null;
        }
        await tx.db.deleteFrom("user_invites").where("user_id", "=", userId).execute();
        const expiresAt = await insertInvite(tx, userId, invite);
        await appendAudit(tx, [audit]);
        return { user: await justWritten(tx, userId), expiresAt };
      }),

    async findInvite(digest) {
      const row = await engine.read((db, now) =>
        selectUsers(db)
          .innerJoin("user_invites", "user_invites.user_id", "users.id")
          .select("user_invites.expires_at as invite_expires_at")
          .where("user_invites.digest", "=", digest)
          .where("user_invites.expires_at", ">", now)
          .where("users.is_disabled", "=", 0)
          .executeTakeFirst(),
      );
      return row === undefined ? null : { user: toUser(row), expiresAt: row.invite_expires_at };
    },

    acceptInvite: (digest, password, audit) =>
      engine.write(async (tx) => {
        const userId = await useUpInvite(tx, digest);
        if (userId === null) {
          return null;
        }
        await writePassword(engine, tx, userId, password);
        // Whoever was signed in before may be the reason for the new invitation.
        await tx.db.deleteFrom("user_sessions").where("user_id", "=", userId).execute();
        const identity = { mode: "user", id: userId } as const;
        await appendAudit(tx, [{ ...audit, actor: { kind: "identity", identity }, identity }]);
        return justWritten(tx, userId);
      }),

    completeSetupWithUser: (setupDigest, user, password, audit) =>
      engine.write(async (tx) => {
        if (!(await useUpSetup(tx, setupDigest))) {
          return null;
        }
        await insertUser(tx, { ...user, role: "admin" });
        await writePassword(engine, tx, user.id, password);
        await appendAudit(tx, [audit]);
        return justWritten(tx, user.id);
      }),

    isSetUp: () => engine.read(async (db) => (await readSetting(db, SETUP_DONE)) !== null),
  };
}

async function justWritten(tx: Tx, userId: string) {
  return toUser(await selectUsers(tx.db).where("users.id", "=", userId).executeTakeFirstOrThrow());
}

async function insertUser(tx: Tx, user: Omit<NewUser, "groupIds">): Promise<void> {
  const now = isoNow(tx);
  const inserted = await tx.db
    .insertInto("users")
    .values({
      id: user.id,
      name: user.name,
      email: user.email,
      // Nobody has shown that the address is theirs: an administrator has typed it.
      email_verified: toBit(false),
      image: null,
      role: user.role,
      is_disabled: toBit(false),
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted === undefined) {
    throw new KeywardError("email_taken");
  }
}

async function insertInvite(
  tx: Tx,
  userId: string,
  { digest, ttlMs }: { readonly digest: string; readonly ttlMs: number },
): Promise<number> {
  const expiresAt = tx.now + ttlMs;
  await tx.db
    .insertInto("user_invites")
    .values({ digest, user_id: userId, expires_at: expiresAt, created_at: tx.now })
    .execute();
  return expiresAt;
}

/** Takes a live invitation, and with it all others of its user. @returns the user, or null when it is not a live one */
async function useUpInvite(tx: Tx, digest: string): Promise<string | null> {
  const invite = await tx.db
    .selectFrom("user_invites")
    .innerJoin("users", "users.id", "user_invites.user_id")
    .select("user_invites.user_id")
    .where("user_invites.digest", "=", digest)
    .where("user_invites.expires_at", ">", tx.now)
    .where("users.is_disabled", "=", 0)
    .executeTakeFirst();
  if (invite === undefined) {
    return null;
  }
  await tx.db.deleteFrom("user_invites").where("user_id", "=", invite.user_id).execute();
  return invite.user_id;
}

/** As the sign-in library keeps a password: one account of the provider `credential`, named by the user's id. */
async function writePassword(engine: Engine, tx: Tx, userId: string, password: PasswordHash): Promise<void> {
  const now = isoNow(tx);
  await tx.db
    .insertInto("user_accounts")
    .values({
      id: mintId("row", engine.random),
      account_id: userId,
      provider_id: "credential",
      user_id: userId,
      access_token: null,
      refresh_token: null,
      id_token: null,
      access_token_expires_at: null,
      refresh_token_expires_at: null,
      scope: null,
      password,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict.columns(["provider_id", "account_id"]).doUpdateSet({ password, updated_at: now }),
    )
    .execute();
}
