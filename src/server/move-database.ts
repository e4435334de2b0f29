import type { MovedDatabase } from "../cli/runtime.ts";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import { SEALED_KINDS, type SealedRow } from "../core/key-rotation-port.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import { idOf } from "../core/rewrap.ts";
import { checkRow } from "../core/seal-context.ts";
import { moveRows, type UncommittedCopy } from "../store/move.ts";
import type { KeyEncryption } from "../vault/kms/key-encryption.ts";
import { openStoredVault } from "../vault/open-vault.ts";
import type { DatabaseSource } from "./config/database-source.ts";
import { isDatabaseThere, openDatabase, whyNotThere } from "./database.ts";

interface MovePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const BATCH = 500;
/** Ids of unreadable rows that are named; the rest is only counted. */
const MAX_NAMED = 10;

/**
 * Copies a database to another one that is empty, of whichever engines. Before the copy is committed, each sealed value in
 * it is opened; after any failure the target is as empty as before.
 *
 * @throws KeywardError `move_refused`, `move_failed`, `store_unusable`, `encryption_key_*`
 */
export async function moveDatabase(
  from: DatabaseSource,
  to: DatabaseSource,
  keyEncryption: KeyEncryption,
  ports: MovePorts,
  onTable: (table: string, rows: number) => void,
): Promise<MovedDatabase> {
  if (!(await isDatabaseThere(from, ports))) {
    throw new KeywardError("store_unusable", { message: whyNotThere(from) });
  }
  const source = await openDatabase(from, ports);
  try {
    const target = await openDatabase(to, ports);
    try {
      const { rows, verified } = await moveRows(source.engine, target.engine, {
        onTable,
        verify: (copy) => openEverything(copy, keyEncryption, ports),
      });
      return { rows, opened: verified, kekId: keyEncryption.id };
    } finally {
      await target.store.close();
    }
  } finally {
    await source.store.close();
  }
}

/** @returns how many values were opened */
async function openEverything(copy: UncommittedCopy, keyEncryption: KeyEncryption, ports: MovePorts): Promise<number> {
  const vault = await openStoredVault({ keyStore: copy.keys, keyEncryption, ...ports });
  const unreadable: string[] = [];
  let opened = 0;
  for (const { keyId } of await copy.countSealed()) {
    for (const kind of SEALED_KINDS) {
      for (let after: string | null = null; ; ) {
        const rows: readonly SealedRow[] = await copy.listSealed(kind, keyId, after, BATCH);
        const last = rows.at(-1);
        if (last === undefined) break;
        for (const row of rows) {
          try {
            await checkRow(vault, row);
            opened += 1;
          } catch (error) {
            if (!isKeywardError(error, "credential_unreadable")) throw error;
            unreadable.push(idOf(row));
          }
        }
        after = idOf(last);
      }
    }
  }
  if (unreadable.length > 0) {
    const named = unreadable.slice(0, MAX_NAMED).join(", ");
    throw new KeywardError("move_failed", {
      message: `${unreadable.length} sealed values do not open: ${named}. Revoke them in the source, or restore it. Nothing was written.`,
    });
  }
  return opened;
}
