import type { Logger, Random } from "../core/ports.ts";
import type { KeyStore } from "../core/key-port.ts";
import { sealKeycheck } from "./keycheck.ts";
import { unlockKeys } from "./keyring.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";
import { makeKey } from "./new-key.ts";

/**
 * Makes the data key, the digest key and the keycheck, and installs all three at once. Of two racers one installs; the
 * other's keys are thrown away, and it has to read the winner's.
 *
 * @throws KeywardError as `makeKey`
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
