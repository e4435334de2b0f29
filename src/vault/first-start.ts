import { timingSafeEqual } from "node:crypto";
import { KeywardError } from "../core/errors.ts";
import type { Logger, Random } from "../core/ports.ts";
import type { KeyStore } from "../core/store-port.ts";
import { KEY_BYTES } from "./key-text.ts";
import { sealKeycheck } from "./keycheck.ts";
import { contextOf, type KeyRow, unlockKeys } from "./keyring.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";

const ID_BYTES = 16;
const ID_PREFIX: Readonly<Record<KeyRow["kind"], string>> = { data: "dk", digest: "dgk" };

/**
 * Makes the data key, the digest key and the keycheck, and installs all three at once. Of two racers one installs; the
 * other's keys are thrown away, and it has to read the winner's.
 *
 * Nothing is written before it was seen to unwrap again: a key that only wraps would lose every value at the next start.
 *
 * @throws KeywardError what `KeyEncryption` throws; `encryption_key_invalid` when it does not give back what it wrapped,
 *   or did not encrypt it
 */
export async function installFirstKeys(
  { keyStore, keyEncryption, random, logger }: FirstStart,
  deploymentId: string,
): Promise<void> {
  const rows = [
    await makeKey("data", deploymentId, keyEncryption, random),
    await makeKey("digest", deploymentId, keyEncryption, random),
  ];
  const ring = await unlockKeys(rows, deploymentId, keyEncryption);
  const isInstalled = await keyStore.installKeys(rows, sealKeycheck(ring, deploymentId, random));
  if (isInstalled) {
    logger.info("vault_keys_installed", {
      kek_id: keyEncryption.id,
      data_key_id: ring.currentKey.id,
      digest_key_id: ring.digestKeyId,
    });
  }
}

interface FirstStart {
  readonly keyStore: KeyStore;
  readonly keyEncryption: KeyEncryption;
  readonly random: Random;
  readonly logger: Logger;
}

async function makeKey(
  kind: KeyRow["kind"],
  deploymentId: string,
  keyEncryption: KeyEncryption,
  random: Random,
): Promise<KeyRow> {
  const id = `${ID_PREFIX[kind]}_${Buffer.from(random.bytes(ID_BYTES)).toString("base64url")}`;
  const context = contextOf({ kind, id }, deploymentId);
  const key = random.bytes(KEY_BYTES);
  const wrapped = await keyEncryption.wrap(key, context);
  // A command such as `cat` answers every question right and would leave the key in the database in plain sight.
  if (Buffer.from(wrapped).includes(Buffer.from(key))) {
    throw unusable(keyEncryption, "gives a key back unencrypted instead of wrapping it");
  }
  const unwrapped = await keyEncryption.unwrap(wrapped, context);
  if (unwrapped.length !== key.length || !timingSafeEqual(unwrapped, key)) {
    throw unusable(keyEncryption, "does not unwrap what it has wrapped");
  }
  key.fill(0);
  unwrapped.fill(0);
  return { id, kind, wrapped, kekId: keyEncryption.id, state: "current" };
}

function unusable({ id }: KeyEncryption, what: string): KeywardError {
  return new KeywardError("encryption_key_invalid", {
    message: `The key encryption ${id} ${what}. Nothing was written.`,
    details: { kek_id: id },
  });
}
