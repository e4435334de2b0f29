import { KeywardError } from "../core/errors.ts";
import { cameSecond, entryOfChange, type KeyChangeOptions, refused } from "./key-change.ts";
import { contextOf, shownId, unwrapKey } from "./keyring.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";
import { wrapKey } from "./new-key.ts";
import { unlockStored, type StoredKeys } from "./open-vault.ts";

/*
 * A new key-encryption key, without a moment in which some process cannot start: every key is wrapped by both, each
 * process is restarted with the new one, and then the old wrapping goes. Whether every process has been restarted cannot
 * be known here: that one was can be seen, that none was left out cannot.
 */

/** Ids of the key-encryption key that goes and of the one that comes. */
export interface KeyEncryptionChange {
  readonly from: string;
  readonly to: string;
}

/**
 * Wraps every data key and the digest key by `next` as well.
 * @throws KeywardError `key_change_refused` when one is staged already, `next` is the one that is in use, or another
 *   change came first; as `openVault`; what `next` throws. Nothing is written then
 */
export async function stageKeyEncryption(options: KeyChangeOptions, next: KeyEncryption): Promise<KeyEncryptionChange> {
  const { keyStore, keyEncryption } = options;
  const { stored, deploymentId } = await unlockStored(options);
  const staged = stagedIn(stored);
  if (staged !== null) {
    throw refused(
      staged === next.id
        ? `${shownId(staged)} is staged already. Restart every gateway with it, then promote it.`
        : `${shownId(staged)} is staged, and only one can be at a time. Promote it or unstage it first.`,
    );
  }
  if (next.id === keyEncryption.id || stored.keys.some(({ kekId }) => kekId === next.id)) {
    throw refused(`${next.id} is the encryption key that is in use. Stage another one.`);
  }
  const wrappings = [];
  for (const row of stored.keys.filter(({ state }) => state !== "retired")) {
    const key = await unwrapKey(row, deploymentId, keyEncryption);
    wrappings.push({ keyId: row.id, wrapped: await wrapKey(key, contextOf(row, deploymentId), next) });
    key.fill(0);
  }
  const change = { from: keyEncryption.id, to: next.id };
  const audit = entryOfChange("vault.staged", change.to, [change.from]);
  if (!(await keyStore.stageWrappings(next.id, wrappings, audit))) {
    throw cameSecond();
  }
  return change;
}

/**
 * Drops the old wrappings. To be run with the staged key-encryption key, which opens everything or nothing is dropped.
 * @throws KeywardError `key_change_refused` when none is staged, or when run with another one
 */
export async function promoteKeyEncryption(options: KeyChangeOptions): Promise<KeyEncryptionChange> {
  const { keyStore, keyEncryption } = options;
  const { stored } = await unlockStored(options);
  const staged = stagedIn(stored);
  if (staged === null) {
    throw refused("No encryption key is staged: there is nothing to promote.");
  }
  if (staged !== keyEncryption.id) {
    throw refused(
      `${shownId(staged)} is staged, but ${keyEncryption.id} is configured here. Restart every gateway with the staged key, then promote it with the same configuration as theirs.`,
    );
  }
  const change = { from: wrappersOf(stored), to: staged };
  if (!(await keyStore.promoteWrappings(staged, entryOfChange("vault.promoted", staged, [change.from])))) {
    throw cameSecond();
  }
  return change;
}

/**
 * Forgets the staged key-encryption key. To be run with the other one, which opens everything or nothing is forgotten.
 * @throws KeywardError `key_change_refused` when none is staged, or when run with the staged one
 */
export async function unstageKeyEncryption(options: KeyChangeOptions): Promise<KeyEncryptionChange> {
  const { keyStore, keyEncryption } = options;
  const { stored } = await unlockStored(options);
  const staged = stagedIn(stored);
  if (staged === null) {
    throw refused("No encryption key is staged: there is nothing to unstage.");
  }
  if (staged === keyEncryption.id) {
    throw refused(
      `${shownId(staged)} is the staged key, and without its wrappings no gateway would start with it. Configure ${wrappersOf(stored)} everywhere, restart, then unstage.`,
    );
  }
  if (!(await keyStore.unstageWrappings(staged, entryOfChange("vault.unstaged", staged)))) {
    throw cameSecond();
  }
  return { from: staged, to: wrappersOf(stored) };
}

/** @throws KeywardError `store_unusable` when only some of the keys are staged: that is never written */
function stagedIn({ keys }: StoredKeys): string | null {
  const ids = new Set(keys.filter(({ state }) => state !== "retired").map(({ staged }) => staged?.kekId ?? null));
  const [id = null, ...others] = ids;
  if (others.length > 0) {
    throw new KeywardError("store_unusable", {
      message: "Only some of the keys are wrapped by the staged encryption key. Restore the database from a backup.",
    });
  }
  return id;
}

function wrappersOf({ keys }: StoredKeys): string {
  const live = keys.filter(({ state }) => state !== "retired");
  return [...new Set(live.map(({ kekId }) => shownId(kekId)))].join(" and ");
}
