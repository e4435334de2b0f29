import { sql } from "kysely";
import type { Identity } from "../core/identity.ts";
import type { Tx } from "./engine.ts";

/** Grants, credentials, flows and tokens of an identity, each binding's epoch +1. @returns ids of the credentials */
export async function deleteIdentity(tx: Tx, { mode, id }: Identity): Promise<readonly string[]> {
  await sql`
    insert into identity_access (server_id, auth_mode, identity_id, epoch)
    select server_id, auth_mode, identity_id, 1 from (
      select server_id, auth_mode, identity_id from header_credentials where auth_mode = ${mode} and identity_id = ${id}
      union
      select server_id, auth_mode, identity_id from submission_flows where auth_mode = ${mode} and identity_id = ${id}
    ) as bindings
    where true
    on conflict (server_id, auth_mode, identity_id) do update set epoch = identity_access.epoch + 1
  `.execute(tx.db);
  const deleted = await tx.db
    .deleteFrom("header_credentials")
    .where("auth_mode", "=", mode)
    .where("identity_id", "=", id)
    .returning("id")
    .execute();
  await tx.db.deleteFrom("submission_flows").where("auth_mode", "=", mode).where("identity_id", "=", id).execute();
  await tx.db.deleteFrom("server_grants").where("auth_mode", "=", mode).where("identity_id", "=", id).execute();
  return deleted.map((row) => row.id);
}
