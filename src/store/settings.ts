import type { Db, Tx } from "./engine.ts";

/** Random at the first migration, and the same for ever. */
export const DEPLOYMENT_ID = "deployment_id";
/** Keyed digest of the setup token on offer. */
export const SETUP_DIGEST = "setup_digest";
/** There when setup has been done: it is never offered again. */
export const SETUP_DONE = "setup_done";

export async function readSetting(db: Db, key: string): Promise<string | null> {
  const row = await db.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst();
  return row?.value ?? null;
}

export async function writeSetting(tx: Tx, key: string, value: string): Promise<void> {
  await tx.db
    .insertInto("settings")
    .values({ key, value, updated_at: tx.now })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value, updated_at: tx.now }))
    .execute();
}
