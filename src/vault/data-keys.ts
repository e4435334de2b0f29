import { KeywardError } from "../core/errors.ts";
import type { SealedCounts } from "../core/key-rotation-port.ts";
import { cameSecond, entryOfChange, type KeyChangeOptions, refused } from "./key-change.ts";
import { sealKeycheck } from "./keycheck.ts";
import { shownId, unlockKey } from "./keyring.ts";
import { makeKey } from "./new-key.ts";
import { unlockStored } from "./open-vault.ts";

/**
 * Makes a new data key and lets it seal from now on; what older ones sealed stays readable. Every process learns of it
 * within two seconds, and a value under a key that a process does not know yet makes it look at once.
 *
 * @returns ids of the new key and of the one that was current
 * @throws KeywardError `key_change_refused` before the first start, while a key-encryption key is staged, or when another
 *   change came first; as `openVault` when the keys do not open
 */
export async function rotateDataKey(
  options: KeyChangeOptions,
): Promise<{ readonly keyId: string; readonly previousKeyId: string }> {
  const { keyStore, keyEncryption, random } = options;
  const { ring, deploymentId, stored } = await unlockStored(options);
  const staged = stored.keys.flatMap((key) => key.staged ?? [])[0];
  if (staged !== undefined) {
    throw refused(
      `The encryption key ${shownId(staged.kekId)} is staged, and a new data key would be wrapped by only one of the two. Promote it or unstage it first.`,
    );
  }
  const key = await makeKey("data", deploymentId, keyEncryption, random);
  const next = ring.withCurrent(await unlockKey(key, deploymentId, keyEncryption));
  const previousKeyId = ring.currentKey.id;
  const isRotated = await keyStore.rotateDataKey(
    { key, replaces: previousKeyId, keycheck: sealKeycheck(next, deploymentId, random) },
    entryOfChange("vault.rotated", key.id, [previousKeyId]),
  );
  if (!isRotated) {
    throw cameSecond();
  }
  return { keyId: key.id, previousKeyId };
}

/**
 * Destroys a data key under which nothing is sealed any more. Needs no key-encryption key.
 * @returns whether this call did it; false when it was retired before
 * @throws KeywardError `key_in_use` with the counts; `key_change_refused` for the current key and for an unknown one
 */
export async function retireDataKey({ keyStore }: Pick<KeyChangeOptions, "keyStore">, id: string): Promise<boolean> {
  const outcome = await keyStore.retireDataKey(id, entryOfChange("vault.retired", id));
  switch (outcome.kind) {
    case "retired":
      return true;
    case "retired_before":
      return false;
    case "in_use":
      throw inUse(outcome.counts);
    case "current":
      throw refused(`${shownId(id)} is the current data key: it seals what is stored now. Rotate first.`);
    case "unknown":
      throw refused("There is no data key of that id. The status lists them.");
  }
}

function inUse({ keyId, credentials, servers, oauthRecords }: SealedCounts): KeywardError {
  return new KeywardError("key_in_use", {
    message: `${shownId(keyId)} still seals the values of ${credentials} connections, the static headers of ${servers} servers and ${oauthRecords} OAuth records. Re-wrap them first. Nothing was changed.`,
    details: { key_id: shownId(keyId), credentials, servers, oauth_records: oauthRecords },
  });
}
