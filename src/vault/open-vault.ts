import { KeywardError } from "../core/errors.ts";
import type { Logger, Random, Sealed } from "../core/ports.ts";
import type { KeyReader, KeyStore, WrappedKey } from "../core/key-port.ts";
import { installFirstKeys } from "./first-start.ts";
import { assertKeycheck } from "./keycheck.ts";
import { type KeyRing, shownId, unlockKeys } from "./keyring.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";
import { KeyringVault } from "./vault.ts";

/** What an operator may know of a key: names and states, nothing of the key itself. */
type KeyStatus = Pick<WrappedKey, "id" | "kind" | "state" | "kekId" | "createdAt" | "seals"> & {
  /** The key-encryption key that is staged; null = none is. */
  readonly stagedKekId: string | null;
};

export interface VaultStatus {
  /** The key-encryption key that is configured now. */
  readonly kekId: string;
  readonly keys: readonly KeyStatus[];
  /** `ok`: opened with these keys. `none`: there has been no first start yet. A check that fails is an error instead. */
  readonly keycheck: "ok" | "none";
}

export interface VaultOptions {
  readonly keyStore: KeyStore;
  readonly keyEncryption: KeyEncryption;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Opens the vault of a database: unwraps its keys and opens the keycheck. On the first start (no key, no keycheck, no
 * sealed row) it makes and installs the keys; any number of processes may do so at once and end with the same keys.
 *
 * It writes nothing when it refuses, and a refused start may be tried again.
 *
 * @throws KeywardError `encryption_key_wrong` naming key and key-encryption key; `store_unusable` when keys, keycheck or
 *   sealed rows are there without the others; `encryption_key_invalid` when keys cannot be wrapped;
 *   `credential_store_unavailable` (retryable) when the store or the key command cannot be asked
 */
export async function openVault(options: VaultOptions): Promise<KeyringVault> {
  const stored = await readStoredKeys(options.keyStore);
  if (stored !== null) {
    return unlockVault(stored, options);
  }
  await installFirstKeys(options, await options.keyStore.deploymentId());
  // Read also by the winner of the race: the keys that count are those in the store.
  const installed = await readStoredKeys(options.keyStore);
  if (installed === null) {
    throw new KeywardError("store_unusable", { message: "The database did not keep the keys of the first start." });
  }
  return unlockVault(installed, options);
}

/**
 * What `openVault` would work with, found out by doing it, but without a first start: it never writes.
 * @throws KeywardError as `openVault`
 */
export async function readVaultStatus(options: UnlockOptions): Promise<VaultStatus> {
  const stored = await readStoredKeys(options.keyStore);
  if (stored === null) {
    return { kekId: options.keyEncryption.id, keys: [], keycheck: "none" };
  }
  await unlock(stored, options);
  return { kekId: options.keyEncryption.id, keys: stored.keys.map(shown), keycheck: "ok" };
}

function shown({ id, kind, state, kekId, staged, createdAt, seals }: WrappedKey): KeyStatus {
  return { id, kind, state, kekId, stagedKekId: staged?.kekId ?? null, createdAt, seals };
}

export interface StoredKeys {
  readonly keys: readonly WrappedKey[];
  readonly keycheck: Sealed;
}

interface UnlockOptions {
  readonly keyStore: KeyReader;
  readonly keyEncryption: KeyEncryption;
}

/** Keys that were seen to open the keycheck of their database. */
export interface Unlocked {
  readonly ring: KeyRing;
  readonly deploymentId: string;
  readonly stored: StoredKeys;
}

/**
 * The keys of a database that has had its first start. Writes nothing.
 * @throws KeywardError as `openVault`; `key_change_refused` before the first start
 */
export async function unlockStored(options: UnlockOptions): Promise<Unlocked> {
  return unlock(await storedKeysOf(options.keyStore), options);
}

/** The vault of a database that has had its first start. Writes nothing. @throws KeywardError as `unlockStored` */
export async function openStoredVault(
  options: UnlockOptions & Pick<VaultOptions, "random" | "logger">,
): Promise<KeyringVault> {
  return unlockVault(await storedKeysOf(options.keyStore), options);
}

async function storedKeysOf(keyStore: KeyReader): Promise<StoredKeys> {
  const stored = await readStoredKeys(keyStore);
  if (stored === null) {
    throw new KeywardError("key_change_refused", {
      message: "This database has no keys yet. The first start makes them.",
    });
  }
  return stored;
}

async function unlock(stored: StoredKeys, { keyStore, keyEncryption }: UnlockOptions): Promise<Unlocked> {
  const deploymentId = await keyStore.deploymentId();
  const ring = await unlockKeys(stored.keys, deploymentId, keyEncryption);
  assertKeycheck(ring, deploymentId, stored.keycheck, keyEncryption.id);
  return { ring, deploymentId, stored };
}

async function unlockVault(
  stored: StoredKeys,
  options: UnlockOptions & Pick<VaultOptions, "random" | "logger">,
): Promise<KeyringVault> {
  const { keyStore, keyEncryption, random, logger } = options;
  const { ring, deploymentId } = await unlock(stored, options);
  const load = async (known: KeyRing): Promise<KeyRing> =>
    unlockKeys(await keyStore.listKeys(), deploymentId, keyEncryption, known);
  return new KeyringVault({ ring, deploymentId, load, random, logger });
}

const MAX_LOOKS = 3;

/** @returns null when this is a first start */
async function readStoredKeys(keyStore: KeyReader): Promise<StoredKeys | null> {
  let found = await readOnce(keyStore);
  // The three reads are not one transaction: the first start of another process may fall between them, or a rotation and a
  // retirement. These are rare, so what is still so at the third look is damage.
  for (let look = 2; look <= MAX_LOOKS && (isTorn(found) || isOutdated(found)); look += 1) {
    found = await readOnce(keyStore);
  }
  if (isTorn(found)) {
    throw damaged(found);
  }
  return found.keycheck === null ? null : { keys: found.keys, keycheck: found.keycheck };
}

interface Found {
  readonly keys: readonly WrappedKey[];
  readonly keycheck: Sealed | null;
  readonly hasSealedRows: boolean;
}

async function readOnce(keyStore: KeyReader): Promise<Found> {
  return {
    // Before the keys: whatever it names by now is among them.
    keycheck: await keyStore.readKeycheck(),
    keys: await keyStore.listKeys(),
    hasSealedRows: await keyStore.hasSealedRows(),
  };
}

/** The key of the keycheck is not one that could open it. */
function isOutdated({ keys, keycheck }: Found): boolean {
  return keycheck !== null && !keys.some(({ id, state }) => id === keycheck.keyId && state !== "retired");
}

/** Keys and keycheck are installed together and before any row is sealed: none of them, or all. */
function isTorn({ keys, keycheck, hasSealedRows }: Found): boolean {
  const hasKeys = keys.length > 0;
  return hasKeys !== (keycheck !== null) || (hasSealedRows && !hasKeys);
}

function damaged({ keys, keycheck }: Found): KeywardError {
  const ids = keys.map(({ id }) => shownId(id));
  const what =
    keycheck !== null
      ? `has a keycheck under the data key ${shownId(keycheck.keyId)}, but no keys`
      : ids.length > 0
        ? `has the keys ${ids.join(", ")}, but no keycheck`
        : "has sealed values, but neither keys nor a keycheck";
  return new KeywardError("store_unusable", {
    message: `The database ${what}. Restore it from a backup; nothing was written.`,
  });
}
