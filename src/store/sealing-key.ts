import { type Tx, unavailable } from "./engine.ts";

/**
 * To be called in every transaction that writes a sealed value. What a transaction reads stays true until it ends, so the
 * key is not retired before the value is there to be counted.
 *
 * A process learns of a retirement a moment late. Without this it could still seal under the key that has just been
 * destroyed, and nothing would ever open the value.
 *
 * @throws KeywardError `credential_store_unavailable` when the key is retired: the same succeeds with the current key
 */
export async function refuseRetiredKey(tx: Tx, keyId: string): Promise<void> {
  const key = await tx.db.selectFrom("data_keys").select("state").where("id", "=", keyId).executeTakeFirst();
  if (key?.state === "retired") {
    throw unavailable(new Error("the value is sealed under a key that has been retired"));
  }
}
