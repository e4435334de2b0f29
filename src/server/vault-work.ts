import type { BackedUp, NextKeySource, RewrapSettings, VaultStatus } from "../cli/runtime.ts";
import { KeywardError } from "../core/errors.ts";
import type { SealedCounts } from "../core/key-rotation-port.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import { rewrap, type Rewrapped } from "../core/rewrap.ts";
import type { SqlStore } from "../store/sql-store.ts";
import { backupSqlite } from "../store/sqlite/backup.ts";
import { openKeySource } from "../vault/kms/key-source.ts";
import type { KeyEncryption } from "../vault/kms/key-encryption.ts";
import { openVault, readVaultStatus, unlockStored } from "../vault/open-vault.ts";
import type { Config } from "./config/config.ts";
import { commandLine } from "./config/parse-value.ts";
import { openKeyEncryption } from "./key-encryption.ts";

/* What the commands of `keyward vault` and `keyward backup` do to an open store. */

export interface VaultWorkPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const NOTHING: Omit<SealedCounts, "keyId"> = { credentials: 0, servers: 0, oauthRecords: 0 };

export async function vaultStatus(store: SqlStore, keyEncryption: KeyEncryption): Promise<VaultStatus> {
  const { kekId, keys } = await readVaultStatus({ keyStore: store, keyEncryption });
  const counts = await store.countSealed();
  return {
    kekId,
    stagedKekId: keys.find((key) => key.stagedKekId !== null)?.stagedKekId ?? null,
    keys: keys.map((key) => {
      const { credentials, servers, oauthRecords } = counts.find(({ keyId }) => keyId === key.id) ?? NOTHING;
      const isEmpty = credentials + servers + oauthRecords === 0;
      return {
        ...key,
        sealed: { credentials, servers, oauthRecords },
        mayRetire: key.kind === "data" && key.state === "readable" && isEmpty,
      };
    }),
  };
}

export async function rewrapStore(
  store: SqlStore,
  keyEncryption: KeyEncryption,
  ports: VaultWorkPorts,
  settings: RewrapSettings,
): Promise<Rewrapped> {
  // Only a database that has keys: this is no first start.
  await unlockStored({ keyStore: store, keyEncryption });
  const vault = await openVault({ keyStore: store, keyEncryption, ...ports });
  try {
    return await rewrap({ store, vault, clock: ports.clock }, settings);
  } finally {
    await store.noteSeals(vault.takeSeals());
  }
}

/** @throws KeywardError `config_invalid` unless exactly one is given */
export function openNextKey(next: NextKeySource, ports: VaultWorkPorts): Promise<KeyEncryption> {
  return next.kind === "file"
    ? openKeySource({ file: next.path }, ports)
    : openKeySource({ command: commandLine(next.command) }, ports);
}

/** Verified by opening the keycheck of the copy with the key that is configured. */
export async function backUp(config: Config, ports: VaultWorkPorts, to: string): Promise<BackedUp> {
  if (config.database.kind !== "sqlite") {
    throw new KeywardError("config_invalid", {
      message:
        "keyward backup copies a SQLite database. Back up PostgreSQL with its own tools, such as pg_dump: docs/keys.md.",
    });
  }
  const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
  const { path, bytes } = await backupSqlite({
    path: config.database.path,
    to,
    verify: (keyStore) => unlockStored({ keyStore, keyEncryption }),
  });
  return { path, bytes, kekId: keyEncryption.id };
}
