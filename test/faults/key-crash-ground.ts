import { createSecretKey } from "node:crypto";
import type { HeaderName } from "../../src/core/header-name.ts";
import type { Identity } from "../../src/core/identity.ts";
import { isKeywardError } from "../../src/core/errors.ts";
import { rewrap } from "../../src/core/rewrap.ts";
import { openCredential, sealCredential } from "../../src/core/seal-context.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Server } from "../../src/core/server.ts";
import { retireDataKey, rotateDataKey } from "../../src/vault/data-keys.ts";
import type { KeyEncryption } from "../../src/vault/kms/key-encryption.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { promoteKeyEncryption, stageKeyEncryption } from "../../src/vault/staged-key.ts";
import type { KeyringVault } from "../../src/vault/vault.ts";
import { type AllPorts, createServer, entry, present, someone, toStore } from "../contract/fixtures.ts";
import { random, TestClock } from "../store/sqlite-harness.ts";
import { SILENT } from "./silent.ts";

/* A deployment whose keys are all replaced, and what is right to be found in it at any moment of that. */

/** Of every process of these tests. No test keeps anything under them. */
const [OLD, NEW] = [1, 2].map(
  (byte) => new LocalKeyEncryption(createSecretKey(new Uint8Array(32).fill(byte)), random),
) as [LocalKeyEncryption, LocalKeyEncryption];
const KEYS = { old: OLD, new: NEW } as const;
type KeyName = keyof typeof KEYS;
/** More than one step of re-wrapping takes. */
const PEOPLE = 130;

const clock = new TestClock();

function vaultOn(keyStore: AllPorts, keyEncryption: KeyEncryption): Promise<KeyringVault> {
  return openVault({ keyStore, keyEncryption, random, logger: SILENT });
}

async function storeValue(store: AllPorts, vault: KeyringVault, server: Server, identity: Identity): Promise<void> {
  const binding = { serverId: server.id, identity, origin: server.origin, schemaRevision: server.schemaRevision };
  const values = new Map([["x-api-key" as HeaderName, new Secret(`value of ${identity.id}`)]]);
  await store.upsertCredential(
    toStore(server, identity),
    sealCredential(vault, values, binding),
    entry("credential.stored"),
  );
}

/** A server, and people with a value each. */
export async function settle(store: AllPorts): Promise<Server> {
  const vault = await vaultOn(store, OLD);
  const server = await createServer(store);
  for (let n = 0; n < PEOPLE; n += 1) {
    await storeValue(store, vault, server, someone(`who-${n}`));
  }
  return server;
}

/** Rotates, re-wraps and retires, then brings in another key-encryption key. */
export async function replaceKeys(store: AllPorts): Promise<void> {
  const options = { keyStore: store, keyEncryption: OLD, random };
  const { previousKeyId } = await rotateDataKey(options);
  await rewrap({ store, vault: await vaultOn(store, OLD), clock }, { rowsPerSecond: 100_000 });
  await retireDataKey(options, previousKeyId);
  await stageKeyEncryption(options, NEW);
  await promote(store);
}

async function promote(keyStore: AllPorts): Promise<void> {
  await promoteKeyEncryption({ keyStore, keyEncryption: NEW, random });
}

/** What an operator does who finds it interrupted. @param opened as `openAll` found it */
export async function replaceKeysAgain(store: AllPorts, opened: readonly KeyName[]): Promise<void> {
  if (!opened.includes("new")) {
    await replaceKeys(store);
  } else if (opened.includes("old")) {
    await promote(store);
  }
}

/** Opens everything with whichever of the two keys the wrappings name. @returns the names of those that did */
export async function openAll(store: AllPorts, server: Server): Promise<readonly KeyName[]> {
  const opened: KeyName[] = [];
  for (const name of ["old", "new"] as const) {
    const vault = await vaultOn(store, KEYS[name]).catch((error: unknown) => {
      if (isKeywardError(error, "encryption_key_wrong")) return null;
      throw error;
    });
    if (vault === null) continue;
    opened.push(name);
    const people = Array.from({ length: PEOPLE }, (_, n) => someone(`who-${n}`));
    await Promise.all(
      people.map(async (identity) => {
        const row = present(await store.readCredential({ serverId: server.id, identity }));
        const value = [...(await openCredential(vault, row)).values()][0]?.reveal();
        if (value !== `value of ${identity.id}`) throw new Error(`${identity.id} has another value`);
      }),
    );
  }
  if (!(await store.verifyAudit()).isIntact) throw new Error("the log is broken");
  return opened;
}
