import { sql, type SqlBool } from "kysely";
import type { AuditEntry } from "../core/audit.ts";
import { SINGLE_SIGN_ON, type Admission, type VouchedPerson } from "../core/sign-in-port.ts";
import { mintId } from "../core/token.ts";
import type { Role, User } from "../core/user.ts";
import { appendAudit } from "./audit.ts";
import { toBit } from "./columns.ts";
import type { Engine, Tx } from "./engine.ts";
import { isoNow, selectUsers, toUser } from "./user-row.ts";

type Origin = Pick<AuditEntry, "requestId" | "address">;

/** The write lock is held throughout: of two racers for one new person, the second finds what the first has written. */
export async function admitVouched(engine: Engine, tx: Tx, person: VouchedPerson, origin: Origin): Promise<Admission> {
  const known = await selectUsers(tx.db)
    .innerJoin("user_accounts", "user_accounts.user_id", "users.id")
    .where("user_accounts.provider_id", "=", SINGLE_SIGN_ON)
    .where("user_accounts.account_id", "=", person.subject)
    .executeTakeFirst();
  if (known !== undefined) {
    const user = toUser(known);
    return user.isEnabled
      ? { kind: "admitted", user: await followRole(tx, user, person.role, origin) }
      : { kind: "disabled", user };
  }
  const isCreated = await insertPerson(engine, tx, person);
  if (!isCreated) {
    return { kind: "account_exists" };
  }
  const identity = { mode: "user", id: person.newUserId } as const;
  await appendAudit(tx, [
    {
      ...origin,
      actor: { kind: "identity", identity },
      action: "user.joined",
      outcome: "ok",
      identity,
      detail: { name: person.name, reason: "single_sign_on" },
    },
  ]);
  return { kind: "admitted", user: await readOne(tx, person.newUserId) };
}

async function insertPerson(engine: Engine, tx: Tx, person: VouchedPerson): Promise<boolean> {
  const now = isoNow(tx);
  const times = { created_at: now, updated_at: now };
  const inserted = await tx.db
    .insertInto("users")
    .values({
      id: person.newUserId,
      name: person.name,
      email: person.email,
      email_verified: toBit(true),
      image: null,
      role: person.role ?? "user",
      is_disabled: toBit(false),
      ...times,
    })
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted === undefined) {
    return false;
  }
  await tx.db
    .insertInto("user_accounts")
    .values({
      id: mintId("row", engine.random),
      account_id: person.subject,
      provider_id: SINGLE_SIGN_ON,
      user_id: person.newUserId,
      // The issuer's tokens have said who it is; nothing is done in the person's name there, so they are not kept.
      access_token: null,
      refresh_token: null,
      id_token: null,
      access_token_expires_at: null,
      refresh_token_expires_at: null,
      scope: null,
      password: null,
      ...times,
    })
    .execute();
  return true;
}

/** Refusing the sign-in of the last administrator would lock everybody out: that one keeps the role. */
async function followRole(tx: Tx, user: User, role: Role | null, origin: Origin): Promise<User> {
  if (role === null || role === user.role || (role === "user" && !(await hasOtherAdmin(tx, user.id)))) {
    return user;
  }
  await tx.db
    .updateTable("users")
    .set({ role, updated_at: isoNow(tx) })
    .where("id", "=", user.id)
    .execute();
  await appendAudit(tx, [
    {
      ...origin,
      actor: { kind: "system" },
      action: "user.updated",
      outcome: "ok",
      identity: { mode: "user", id: user.id },
      detail: { changed: ["role"], reason: "single_sign_on" },
    },
  ]);
  return readOne(tx, user.id);
}

async function hasOtherAdmin(tx: Tx, userId: string): Promise<boolean> {
  const other = await tx.db
    .selectFrom("users")
    .select("users.id")
    .where("users.role", "=", "admin")
    .where("users.is_disabled", "=", 0)
    .where("users.id", "!=", userId)
    // One who has only been invited does not count.
    .where(sql<SqlBool>`exists (select 1 from user_accounts where user_accounts.user_id = users.id)`)
    .executeTakeFirst();
  return other !== undefined;
}

async function readOne(tx: Tx, userId: string): Promise<User> {
  return toUser(await selectUsers(tx.db).where("users.id", "=", userId).executeTakeFirstOrThrow());
}
