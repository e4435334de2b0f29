import { KeywardError } from "../core/errors.ts";
import type { Logger, Random, Sealed } from "../core/ports.ts";
import type { KeyStore, WrappedKey } from "../core/store-port.ts";
import { installFirstKeys } from "./first-start.ts";
import { assertKeycheck } from "./keycheck.ts";
import { shownId, unlockKeys } from "./keyring.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";
import { KeyringVault, type VaultStatus } from "./vault.ts";

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
export async function readVaultStatus(options: VaultOptions): Promise<VaultStatus> {
  const stored = await readStoredKeys(options.keyStore);
  if (stored === null) {
    return { kekId: options.keyEncryption.id, keys: [], keycheck: "none" };
  }
  const vault = await unlockVault(stored, options);
  return vault.status();
}

interface StoredKeys {
  readonly keys: readonly WrappedKey[];
  readonly keycheck: Sealed;
}

async function unlockVault({ keys, keycheck }: StoredKeys, options: VaultOptions): Promise<KeyringVault> {
  const { keyStore, keyEncryption } = options;
  const deploymentId = await keyStore.deploymentId();
  const ring = await unlockKeys(keys, deploymentId, keyEncryption);
  assertKeycheck(ring, deploymentId, keycheck, keyEncryption.id);
  const status: VaultStatus = {
    kekId: keyEncryption.id,
    keys: keys.map(({ id, kind, state, kekId }) => ({ id, kind, state, kekId })),
    keycheck: "ok",
  };
  return new KeyringVault(ring, deploymentId, status, options);
}

/** @returns null when this is a first start */
async function readStoredKeys(keyStore: KeyStore): Promise<StoredKeys | null> {
  const first = await readOnce(keyStore);
  // The three reads are not one transaction, and the first start of another process may fall between them. That happens
  // once in the life of a database, so what is still torn at the second look is damage.
  const found = isTorn(first) ? await readOnce(keyStore) : first;
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

async function readOnce(keyStore: KeyStore): Promise<Found> {
  return {
    keys: await keyStore.listKeys(),
    keycheck: await keyStore.readKeycheck(),
    hasSealedRows: await keyStore.hasSealedRows(),
  };
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
