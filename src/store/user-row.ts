import { sql, type RawBuilder, type SelectQueryBuilder } from "kysely";
import type { Role, User } from "../core/user.ts";
import { fromBit } from "./columns.ts";
import type { Db, Tx } from "./engine.ts";
import type { Tables, UsersTable } from "./tables.ts";

type UserRow = Pick<UsersTable, "id" | "name" | "email" | "role" | "is_disabled" | "created_at" | "updated_at"> & {
  readonly is_invited: number;
};

const isInvited: RawBuilder<number> = sql<number>`(
  exists (select 1 from user_invites where user_invites.user_id = users.id)
  and not exists (select 1 from user_accounts where user_accounts.user_id = users.id)
)`;

/** Users, with whether they have only an invitation so far. */
export function selectUsers(db: Db): SelectQueryBuilder<Tables, "users", UserRow> {
  return db
    .selectFrom("users")
    .select([
      "users.id",
      "users.name",
      "users.email",
      "users.role",
      "users.is_disabled",
      "users.created_at",
      "users.updated_at",
      isInvited.as("is_invited"),
    ]);
}

export async function readUser(db: Db, id: string): Promise<User | null> {
  const row = await selectUsers(db).where("users.id", "=", id).executeTakeFirst();
  return row === undefined ? null : toUser(row);
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role as Role,
    isEnabled: !fromBit(row.is_disabled),
    isInvited: fromBit(row.is_invited),
    createdAt: Date.parse(row.created_at),
    updatedAt: Date.parse(row.updated_at),
  };
}

/** The time of the transaction, as the tables of the sign-in library hold it. */
export function isoNow(tx: Tx): string {
  return new Date(tx.now).toISOString();
}

/** Whether an administrator is enabled and has a way to sign in. An invitation is none: it can expire. */
export async function hasAdminUser(tx: Tx): Promise<boolean> {
  const { rows } = await sql`
    select 1 from users
    where role = 'admin' and is_disabled = 0
      and exists (select 1 from user_accounts where user_accounts.user_id = users.id)
    limit 1
  `.execute(tx.db);
  return rows.length > 0;
}
