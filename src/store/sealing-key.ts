import { type Tx, unavailable } from "./engine.ts";

/**
 * To be called in every transaction that writes a sealed value: it holds the row of the value's key until the commit.
 *
 * A process learns of a retirement a moment late. Without this it could still seal under the key that has just been
 * destroyed, and nothing would ever open the value.
 *
 * @throws KeywardError `credential_store_unavailable` when the key is retired: the same succeeds with the current key
 */
export async function holdSealingKey(tx: Tx, keyId: string): Promise<void> {
  const key = await tx.db
    .selectFrom("data_keys")
    .select("state")
    .where("id", "=", keyId)
    .modifyEnd(tx.sharedLock)
    .executeTakeFirst();
  if (key?.state === "retired") {
    throw unavailable(new Error("the value is sealed under a key that has been retired"));
  }
}
