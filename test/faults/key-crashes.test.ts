import { createSecretKey, randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HeaderName } from "../../src/core/header-name.ts";
import type { Identity } from "../../src/core/identity.ts";
import { isKeywardError } from "../../src/core/errors.ts";
import { rewrap } from "../../src/core/rewrap.ts";
import { openCredential, sealCredential } from "../../src/core/seal-context.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Server } from "../../src/core/server.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { retireDataKey, rotateDataKey } from "../../src/vault/data-keys.ts";
import type { KeyEncryption } from "../../src/vault/kms/key-encryption.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { promoteKeyEncryption, stageKeyEncryption } from "../../src/vault/staged-key.ts";
import type { KeyringVault } from "../../src/vault/vault.ts";
import { createServer, entry, present, someone, toStore } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "../store/sqlite-harness.ts";
import { SILENT } from "./silent.ts";

/*
 * What kill -9 leaves while keys are replaced: the files are copied before each statement that writes, as they lie there
 * at that moment, and each copy is opened as the next process opens it.
 */

const clock = new TestClock();
const [OLD, NEW] = [randomBytes(32), randomBytes(32)].map(
  (bytes) => new LocalKeyEncryption(createSecretKey(bytes), random),
) as [LocalKeyEncryption, LocalKeyEncryption];
/** More than one step of re-wrapping takes. */
const PEOPLE = 130;

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
});
afterEach(() => {
  folder.remove();
});

function vaultOn(keyStore: SqliteStore, keyEncryption: KeyEncryption): Promise<KeyringVault> {
  return openVault({ keyStore, keyEncryption, random, logger: SILENT });
}

async function storeValue(store: SqliteStore, vault: KeyringVault, server: Server, identity: Identity): Promise<void> {
  const binding = { serverId: server.id, identity, origin: server.origin, schemaRevision: server.schemaRevision };
  const values = new Map([["x-api-key" as HeaderName, new Secret(`value of ${identity.id}`)]]);
  await store.upsertCredential(
    toStore(server, identity),
    sealCredential(vault, values, binding),
    entry("credential.stored"),
  );
}

/** Rotates, re-wraps and retires, then brings in another key-encryption key. */
async function replaceKeys(store: SqliteStore): Promise<void> {
  const options = { keyStore: store, keyEncryption: OLD, random };
  const { previousKeyId } = await rotateDataKey(options);
  await rewrap({ store, vault: await vaultOn(store, OLD), clock }, { rowsPerSecond: 100_000 });
  await retireDataKey(options, previousKeyId);
  await stageKeyEncryption(options, NEW);
  await promoteKeyEncryption({ ...options, keyEncryption: NEW });
}

/** Opens with whichever of the two keys the wrappings name. @returns the names of those that did */
async function openAll(path: string, server: Server): Promise<readonly string[]> {
  const store = await openSqliteStore({ path, clock, random });
  try {
    const opened = [];
    for (const [name, key] of [["old", OLD] as const, ["new", NEW] as const]) {
      const vault = await vaultOn(store, key).catch((error: unknown) => {
        if (isKeywardError(error, "encryption_key_wrong")) return null;
        throw error;
      });
      if (vault !== null) {
        opened.push(name);
        for (let n = 0; n < PEOPLE; n += 1) {
          const row = present(await store.readCredential({ serverId: server.id, identity: someone(`who-${n}`) }));
          expect([...(await openCredential(vault, row)).values()][0]?.reveal()).toBe(`value of who-${n}`);
        }
      }
    }
    expect((await store.verifyAudit()).isIntact).toBe(true);
    return opened;
  } finally {
    await store.close();
  }
}

it("A60, A67: killed before any statement while keys are replaced, every value opens, with the old key or the new one", async () => {
  const path = folder.file();
  const copies: string[] = [];
  let isArmed = false;
  let rows = 0;
  const onStatement = (sql: string): void => {
    // Nothing of a transaction is in the files before its end: of the rows of one step some are enough.
    const isRow = /^update "header_credentials/i.test(sql);
    rows += isRow ? 1 : 0;
    if (!isArmed || /^\s*(?:select|pragma|begin)/i.test(sql) || (isRow && rows % 40 !== 0)) {
      return;
    }
    const target = join(folder.path, String(copies.length), "keyward.db");
    mkdirSync(dirname(target));
    for (const suffix of ["", "-wal"]) {
      if (existsSync(path + suffix)) copyFileSync(path + suffix, target + suffix);
    }
    copies.push(target);
  };
  const store = await openSqliteStore({ path, clock, random, onStatement });
  const vault = await vaultOn(store, OLD);
  const server = await createServer(store);
  for (let n = 0; n < PEOPLE; n += 1) {
    await storeValue(store, vault, server, someone(`who-${n}`));
  }
  isArmed = true;
  await replaceKeys(store);
  await store.close();

  const seen = new Set<string>();
  for (const copy of copies) {
    const opened = (await openAll(copy, server)).join(" and ");
    expect(opened).not.toBe("");
    seen.add(opened);
  }
  expect(await openAll(path, server)).toEqual(["new"]);
  expect([...seen]).toEqual(["old", "old and new"]);
}, 120_000);
