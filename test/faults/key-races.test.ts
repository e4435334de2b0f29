import { createSecretKey, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderValues } from "../../src/core/header-values.ts";
import type { HeaderName } from "../../src/core/header-name.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { Clock } from "../../src/core/ports.ts";
import { rewrap } from "../../src/core/rewrap.ts";
import { openCredential, sealCredential } from "../../src/core/seal-context.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Server } from "../../src/core/server.ts";
import type { SubmissionToCommit } from "../../src/core/flow-port.ts";
import { retireDataKey, rotateDataKey } from "../../src/vault/data-keys.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import type { KeyringVault } from "../../src/vault/vault.ts";
import {
  type AllPorts,
  createServer,
  entry,
  type Harness,
  newId,
  someone,
  toStore,
  verifying,
} from "../contract/fixtures.ts";
import { exploreAll, type Gate, kindOfStoreCall, type Run, type StepKind } from "../helpers/barriers.ts";
import { random } from "../store/sqlite-harness.ts";
import { ENGINES } from "./engines.ts";
import { SILENT } from "./silent.ts";

/*
 * Whatever changes keys, against whatever seals and opens, in every order of their steps. The processes are two that have
 * not heard of the rotation: they know the key that is being replaced, and the one who re-wraps the new one too.
 */

const KEY = new LocalKeyEncryption(createSecretKey(randomBytes(32)), random);
const clock: Clock = {
  now: () => 0,
  schedule: (_, task) => {
    queueMicrotask(task);
    return () => {};
  },
};

/** A row under a key that has just been rotated away. */
interface World {
  readonly server: Server;
  readonly identity: Identity;
  readonly oldKeyId: string;
  /** Of a process that has not heard of the rotation. */
  readonly late: KeyringVault;
  /** Of one that has. */
  readonly fresh: KeyringVault;
  readonly credentialId: string;
  /** A submission whose values are verified. To that point it touches no key, so it takes no turns. */
  readonly claimed: () => Promise<SubmissionToCommit>;
}

type Operation = (world: World, store: AllPorts) => Promise<unknown>;

function valuesOf(text: string): HeaderValues {
  return new Map([["x-api-key" as HeaderName, new Secret(text)]]);
}

function storeValue(store: AllPorts, vault: KeyringVault, server: Server, identity: Identity, text: string) {
  const binding = { serverId: server.id, identity, origin: server.origin, schemaRevision: server.schemaRevision };
  const seal = sealCredential(vault, valuesOf(text), binding);
  return store.upsertCredential(toStore(server, identity), seal, entry("credential.stored"));
}

const OPERATIONS = {
  rewrap: ({ fresh }, store) => rewrap({ store, vault: fresh, clock }, { rowsPerSecond: 1_000 }),
  start: (_, keyStore) => openVault({ keyStore, keyEncryption: KEY, random, logger: SILENT }),
  rotate: (_, keyStore) => rotateDataKey({ keyStore, keyEncryption: KEY, random }),
  retire: ({ oldKeyId }, keyStore) => retireDataKey({ keyStore }, oldKeyId),
  "rewrap and retire": async (world, store) => {
    await OPERATIONS.rewrap(world, store);
    await OPERATIONS.retire(world, store);
  },
  "store late": ({ late, server, identity }, store) => storeValue(store, late, server, identity, "second"),
  "submit late": async ({ late, server, identity, claimed }, store) => {
    const binding = { serverId: server.id, identity, origin: server.origin, schemaRevision: server.schemaRevision };
    const seal = sealCredential(late, valuesOf("second"), binding);
    const { kind } = await store.commitSubmission({ ...(await claimed()), seal });
    if (kind !== "committed") throw new Error(`the submission is ${kind}`);
  },
  revoke: ({ credentialId }, store) => store.revokeCredential(credentialId, entry("credential.revoked")),
  "call late": async ({ late, server, identity }, store) => {
    const row = await store.readCredential({ serverId: server.id, identity });
    return row === null ? "none" : textIn(await openCredential(late, row));
  },
} as const satisfies Record<string, Operation>;

type Name = keyof typeof OPERATIONS;

/** What an operation may end with besides its result. */
const ANSWERS: Readonly<Partial<Record<Name, readonly string[]>>> = {
  rotate: ["key_change_refused"],
  retire: ["key_in_use"],
  "rewrap and retire": ["key_in_use"],
  // Its key went in the meantime: the same succeeds with the current one.
  "store late": ["credential_store_unavailable"],
  "submit late": ["credential_store_unavailable"],
};

const STORE: ReadonlySet<Name> = new Set(["store late", "submit late"]);

function textIn(values: HeaderValues): string | undefined {
  return [...values.values()][0]?.reveal();
}

/** Reads of the keys touch nothing. */
function kindOf(method: string): StepKind {
  return ["deploymentId", "hasSealedRows"].includes(method) ? "reads" : kindOfStoreCall(method);
}

describe.each(ENGINES)("keys on $engine", ({ open }: { readonly open: () => Promise<Harness> }) => {
  let harness: Harness;
  let replicas: readonly AllPorts[];
  beforeAll(async () => {
    harness = await open();
    await openVault({ keyStore: harness.store, keyEncryption: KEY, random, logger: SILENT });
    replicas = [await harness.another(), await harness.another()];
  });
  afterAll(() => harness.close());

  function vaultOn(keyStore: AllPorts): Promise<KeyringVault> {
    return openVault({ keyStore, keyEncryption: KEY, random, logger: SILENT });
  }

  async function makeWorld(): Promise<World> {
    const { store } = harness;
    const server = await createServer(store);
    const identity = someone(newId("ada"));
    const late = await vaultOn(store);
    const { id: credentialId } = await storeValue(store, late, server, identity, "first");
    const { previousKeyId: oldKeyId } = await rotateDataKey({ keyStore: store, keyEncryption: KEY, random });
    const claimed = async () => (await verifying(store, server, identity)).submission;
    return { server, identity, oldKeyId, late, fresh: await vaultOn(store), credentialId, claimed };
  }

  async function checkRun({ server, identity }: World, names: readonly Name[], { outcomes }: Run): Promise<void> {
    const { store } = harness;
    const ends = Object.values(outcomes);
    const surprises = names.flatMap((name, index) => {
      const end = ends[index];
      const code = end?.status === "rejected" ? String((end.reason as { code?: unknown }).code) : null;
      return code === null || (ANSWERS[name] ?? []).includes(code) ? [] : [`${name}: ${code}`];
    });
    expect(surprises).toEqual([]);
    const called = names.flatMap((name, index) => {
      const end = ends[index];
      return name === "call late" && end?.status === "fulfilled" ? [end.value] : [];
    });
    expect(called.filter((text) => !["first", "second", "none"].includes(String(text)))).toEqual([]);

    const states = new Map((await store.listKeys()).map(({ id, state }) => [id, state]));
    const counts = await store.countSealed();
    expect(counts.filter(({ keyId }) => states.get(keyId) === "retired")).toEqual([]);

    const stored = names.some((name, index) => STORE.has(name) && ends[index]?.status === "fulfilled");
    const row = await store.readCredential({ serverId: server.id, identity });
    const isRevoked = names.includes("revoke");
    if (row !== null) {
      expect(textIn(await openCredential(await vaultOn(store), row))).toBe(stored ? "second" : "first");
      // A value that is stored after a revoke is a new one.
      expect([isRevoked, row.version]).toEqual(isRevoked ? [stored, 1] : [false, stored ? 2 : 1]);
    }
    expect(row === null ? isRevoked : true).toBe(true);
    await store.deleteServer(server.id, entry("server.deleted"));
  }

  it("A66: a start, while data keys are rotated and retired, opens everything, whatever falls between its steps", async () => {
    const orders = await exploreAll(async () => {
      const world = await makeWorld();
      const replace: Operation = async ({ server }, store) => {
        await store.deleteServer(server.id, entry("server.deleted"));
        const { previousKeyId } = await OPERATIONS.rotate(world, store);
        await retireDataKey({ keyStore: store }, previousKeyId);
      };
      const [one, two] = [replicas[0] ?? harness.store, replicas[1] ?? harness.store];
      const actors = {
        replace: (gate: Gate) => replace(world, gate.around(one, kindOf)),
        start: (gate: Gate) => OPERATIONS.start(world, gate.around(two, kindOf)),
      };
      return {
        actors,
        check: async ({ outcomes }) => {
          expect(Object.values(outcomes).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
        },
      };
    });
    expect(orders).toBeGreaterThan(1);
  });

  it.each([
    ["rewrap", "store late"],
    ["rewrap", "revoke"],
    ["rewrap", "rewrap"],
    ["rewrap", "rotate"],
    ["rewrap", "retire"],
    ["rewrap", "call late"],
    ["rotate", "rotate"],
    ["rotate", "start"],
    ["rewrap and retire", "start"],
    ["rotate", "store late"],
    ["rotate", "submit late"],
    ["rotate", "retire"],
    ["rotate", "call late"],
    ["retire", "store late"],
    ["retire", "retire"],
    ["rewrap and retire", "store late"],
    ["rewrap and retire", "submit late"],
    ["rewrap and retire", "call late"],
  ] as const)("A66, A67: %s and %s, in every order: no update is lost and everything opens", async (...names) => {
    const orders = await exploreAll(async () => {
      const world = await makeWorld();
      const actors = names.map((name, index): [string, (gate: Gate) => Promise<unknown>] => {
        const replica = replicas[index] ?? harness.store;
        return [`${name} ${index + 1}`, (gate) => OPERATIONS[name](world, gate.around(replica, kindOf))];
      });
      return { actors: Object.fromEntries(actors), check: (run) => checkRun(world, names, run) };
    });
    expect(orders).toBeGreaterThan(1);
  });
});
