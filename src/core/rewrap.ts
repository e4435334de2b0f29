import { isKeywardError } from "./errors.ts";
import { type KeyRotationStore, SEALED_KINDS, type SealedKind, type SealedRow } from "./key-rotation-port.ts";
import type { Clock, Vault } from "./ports.ts";
import { resealRow } from "./seal-context.ts";

/** Rows of one transaction: others write between two of them. */
const BATCH = 100;
const SECOND_MS = 1_000;
/** Ids of unreadable rows that are reported; the rest is only counted. */
const MAX_REPORTED = 20;

interface RewrapProgress {
  /** Rows looked at so far. */
  readonly done: number;
  /** Rows that were under another key when it began. */
  readonly total: number;
}

export interface Rewrapped {
  readonly keyId: string;
  /** Rows that are under the current key now and were not before. */
  readonly resealed: number;
  /** Rows that do not open. They stay as they are, under the key that they name. */
  readonly unreadable: number;
  /** Ids of the first of them. */
  readonly unreadableIds: readonly string[];
}

export interface RewrapOptions {
  /** At most so many rows a second; at least 1. */
  readonly rowsPerSecond: number;
  readonly onProgress?: (progress: RewrapProgress) => void;
}

/**
 * Seals everything under the current data key that is sealed under another one.
 *
 * What is left to do is seen from the rows, so it can be ended at any moment and run again, or run several times at once.
 * A row that is stored, revoked or re-sealed in the meantime stays as it then is; nothing that anybody could see changes.
 */
export async function rewrap(
  parts: {
    readonly store: Pick<KeyRotationStore, "countSealed" | "listSealed" | "reseal">;
    readonly vault: Vault & { currentKeyId(): string };
    readonly clock: Clock;
  },
  { rowsPerSecond, onProgress }: RewrapOptions,
): Promise<Rewrapped> {
  const { store, vault, clock } = parts;
  const unreadable = new Set<string>();
  let resealed = 0;
  let done = 0;
  let total = 0;

  async function reseal(rows: readonly SealedRow[]): Promise<number> {
    const opened = [];
    for (const row of rows) {
      try {
        opened.push(await resealRow(vault, row));
      } catch (error) {
        if (!isKeywardError(error, "credential_unreadable")) {
          throw error;
        }
        unreadable.add(idOf(row));
      }
    }
    // A rotation of another process makes what was old the current key.
    return store.reseal(opened.filter(({ seen, sealed }) => sealed.keyId !== keyIdOf(seen)));
  }

  async function rewrapAll(kind: SealedKind, oldKeyId: string): Promise<number> {
    let changed = 0;
    let after: string | null = null;
    for (;;) {
      const rows: readonly SealedRow[] = await store.listSealed(kind, oldKeyId, after, BATCH);
      const last = rows.at(-1);
      if (last === undefined) {
        return changed;
      }
      changed += await reseal(rows);
      done += rows.length;
      onProgress?.({ done, total: Math.max(total, done) });
      after = idOf(last);
      await pause(clock, (rows.length / rowsPerSecond) * SECOND_MS);
    }
  }

  // Again until nothing is left: a process that does not know the new key yet goes on sealing under the old one.
  let changed: number;
  do {
    const old = (await store.countSealed()).filter(({ keyId }) => keyId !== vault.currentKeyId());
    total =
      done + old.reduce((sum, { credentials, servers, oauthRecords }) => sum + credentials + servers + oauthRecords, 0);
    changed = 0;
    for (const counts of old) {
      for (const kind of SEALED_KINDS) {
        changed += await rewrapAll(kind, counts.keyId);
      }
    }
    resealed += changed;
  } while (changed > 0);
  return {
    keyId: vault.currentKeyId(),
    resealed,
    unreadable: unreadable.size,
    unreadableIds: [...unreadable].slice(0, MAX_REPORTED),
  };
}

export function idOf(row: SealedRow): string {
  return factsOf(row).id;
}

function keyIdOf(row: SealedRow): string {
  return factsOf(row).keyId;
}

function factsOf(row: SealedRow): { readonly id: string; readonly keyId: string } {
  switch (row.kind) {
    case "credential":
      return { id: row.credential.id, keyId: row.credential.sealed.keyId };
    case "server":
      return { id: row.server.id, keyId: row.server.staticHeaders.keyId };
    case "oauth_record":
      return { id: row.record.id, keyId: row.record.sealed.keyId };
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
}
