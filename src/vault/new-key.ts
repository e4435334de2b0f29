import { timingSafeEqual } from "node:crypto";
import { KeywardError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import type { NewKey } from "../core/key-port.ts";
import { KEY_BYTES } from "./key-text.ts";
import { contextOf } from "./keyring.ts";
import type { KeyContext, KeyEncryption } from "./kms/key-encryption.ts";

const ID_BYTES = 16;
const ID_PREFIX: Readonly<Record<NewKey["kind"], string>> = { data: "dk", digest: "dgk" };

/** A key of 32 random bytes that is going to be the current one of its kind. @throws KeywardError as `wrapKey` */
export async function makeKey(
  kind: NewKey["kind"],
  deploymentId: string,
  keyEncryption: KeyEncryption,
  random: Random,
): Promise<NewKey> {
  const id = `${ID_PREFIX[kind]}_${Buffer.from(random.bytes(ID_BYTES)).toString("base64url")}`;
  const key = random.bytes(KEY_BYTES);
  const wrapped = await wrapKey(key, contextOf({ kind, id }, deploymentId), keyEncryption);
  key.fill(0);
  return { id, kind, wrapped, kekId: keyEncryption.id, state: "current" };
}

/**
 * Wraps a key, and unwraps it again before anything is written: what only wraps would lose every value at the next start.
 *
 * @throws KeywardError what `KeyEncryption` throws; `encryption_key_invalid` when it does not give back what it wrapped,
 *   or did not encrypt it
 */
export async function wrapKey(key: Uint8Array, context: KeyContext, keyEncryption: KeyEncryption): Promise<Uint8Array> {
  const wrapped = await keyEncryption.wrap(key, context);
  // A command such as `cat` answers every question right and would leave the key in the database in plain sight.
  if (Buffer.from(wrapped).includes(Buffer.from(key))) {
    throw unusable(keyEncryption, "gives a key back unencrypted instead of wrapping it");
  }
  const unwrapped = await keyEncryption.unwrap(wrapped, context);
  if (unwrapped.length !== key.length || !timingSafeEqual(unwrapped, key)) {
    throw unusable(keyEncryption, "does not unwrap what it has wrapped");
  }
  unwrapped.fill(0);
  return wrapped;
}

function unusable({ id }: KeyEncryption, what: string): KeywardError {
  return new KeywardError("encryption_key_invalid", {
    message: `The key encryption ${id} ${what}. Nothing was written.`,
    details: { kek_id: id },
  });
}
