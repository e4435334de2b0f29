import { KeywardError } from "../core/errors.ts";
import type { Random, Sealed, SealContext } from "../core/ports.ts";
import { associatedData } from "./associated-data.ts";
import { openEnvelope, sealEnvelope } from "./envelope.ts";
import { type KeyRing, shownId } from "./keyring.ts";

const KNOWN_PLAINTEXT = Buffer.from("keyward keycheck v1");

/**
 * The check is bound to the digest key as well as sealed under the data key, so one envelope proves both: a wrong digest
 * key would otherwise make every virtual key unknown without a word. A change of the digest key seals a new check.
 */
function contextOf(ring: KeyRing): SealContext {
  return { purpose: "keycheck", fields: [ring.digestKeyId, ring.mac("keycheck", "")] };
}

export function sealKeycheck(ring: KeyRing, deploymentId: string, random: Random): Sealed {
  const { currentKey } = ring;
  const bound = associatedData(contextOf(ring), deploymentId, currentKey.id);
  return { keyId: currentKey.id, envelope: sealEnvelope(currentKey, random, KNOWN_PLAINTEXT, bound) };
}

/** @throws KeywardError `encryption_key_wrong` when these are not the keys that the check was sealed with */
export function assertKeycheck(ring: KeyRing, deploymentId: string, { keyId, envelope }: Sealed, kekId: string): void {
  const key = ring.dataKey(keyId);
  try {
    if (key === undefined) {
      throw new KeywardError("credential_unreadable");
    }
    openEnvelope(key, envelope, associatedData(contextOf(ring), deploymentId, key.id));
  } catch {
    throw new KeywardError("encryption_key_wrong", {
      message: `The keycheck of this database, sealed under the data key ${shownId(keyId)}, does not open with the keys that ${kekId} unwrapped.`,
      details: { key_id: shownId(keyId), kek_id: kekId },
    });
  }
}
