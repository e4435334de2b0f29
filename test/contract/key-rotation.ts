import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeHeaderValues, type HeaderValues, parseHeaderValue } from "../../src/core/header-values.ts";
import { isKeywardError } from "../../src/core/errors.ts";
import { parseHeaderName } from "../../src/core/header-name.ts";
import type { SealedKind } from "../../src/core/key-rotation-port.ts";
import type { Clock, Sealed } from "../../src/core/ports.ts";
import { rewrap } from "../../src/core/rewrap.ts";
import {
  oauthRecordContext,
  openCredential,
  openStaticHeaders,
  sealCredential,
  sealStaticHeaders,
} from "../../src/core/seal-context.ts";
import { Secret } from "../../src/core/secret.ts";
import type { NewKey } from "../../src/core/key-port.ts";
import { retireDataKey, rotateDataKey } from "../../src/vault/data-keys.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { promoteKeyEncryption, stageKeyEncryption, unstageKeyEncryption } from "../../src/vault/staged-key.ts";
import type { KeyringVault } from "../../src/vault/vault.ts";
import {
  type AllPorts,
  auditOf,
  codeOf,
  createServer,
  entry,
  type GetHarness,
  newId,
  present,
  sealSlot,
  someone,
  toStore,
  upsert,
} from "./fixtures.ts";

const random = { bytes: (length: number) => randomBytes(length) };
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const clock: Clock = {
  now: () => 0,
  schedule: (_, task) => {
    setImmediate(task);
    return () => {};
  },
};
const TOKEN = new Secret("token");
const FAST = { rowsPerSecond: 100_000 };

function keyOf(id: string, rest: Partial<NewKey> = {}): NewKey {
  return { id, kind: "data", wrapped: new TextEncoder().encode(id), kekId: "kek_1", state: "current", ...rest };
}

function sealedUnder(keyId: string): Sealed {
  return { keyId, envelope: randomBytes(40) };
}

const DIGEST_KEY = keyOf("dgk_1", { kind: "digest" });

function install(store: AllPorts): Promise<boolean> {
  return store.installKeys([keyOf("dk_1"), DIGEST_KEY], sealedUnder("dk_1"));
}

function rotate(store: AllPorts, replaces: string, id: string): Promise<boolean> {
  return store.rotateDataKey({ key: keyOf(id), replaces, keycheck: sealedUnder(id) }, entry("vault.rotated"));
}

function retire(store: AllPorts, id: string) {
  return store.retireDataKey(id, entry("vault.retired", { detail: { name: id } }));
}

async function statesOf(store: AllPorts): Promise<Record<string, string>> {
  return Object.fromEntries((await store.listKeys()).map(({ id, state }) => [id, state]));
}

function oauthRecord(sealed: Sealed) {
  const facts = { id: newId("app"), model: "Client", grantId: null, userId: null, clientId: newId("client") } as const;
  return { ...facts, resource: null, scope: null, ttlMs: null, sealed };
}

function withStatic(sealed: Sealed) {
  return { staticHeaderNames: ["x-static"], staticHeaders: sealed };
}

function valuesOf(text: string): HeaderValues {
  const name = parseHeaderName("X-API-Key");
  return new Map([[name, parseHeaderValue(name, text)]]);
}

function textIn(values: HeaderValues): string | undefined {
  return [...values.values()][0]?.reveal();
}

/** Keys as a gateway has them: a vault on the store, and what changes them. */
async function realKeys(
  keyStore: AllPorts,
  keyEncryption = new LocalKeyEncryption(createSecretKey(randomBytes(32)), random),
) {
  const options = { keyStore, keyEncryption, random, logger };
  return { options, vault: await openVault(options) };
}

function storeValue(store: AllPorts, vault: KeyringVault, serverId: string, who: string, text: string) {
  const binding = { serverId, identity: someone(who), origin: "https://api.example" as never, schemaRevision: 1 };
  const row = { ...binding, fieldNames: ["x-api-key"], verification: "proven", status: "active" } as const;
  return store.upsertCredential(row, sealCredential(vault, valuesOf(text), binding), entry("credential.stored"));
}

async function valueOf(
  store: AllPorts,
  vault: KeyringVault,
  serverId: string,
  who: string,
): Promise<string | undefined> {
  const row = present(await store.readCredential({ serverId, identity: someone(who) }));
  return textIn(await openCredential(vault, row));
}

async function allSealed(store: AllPorts, kind: SealedKind): Promise<readonly string[]> {
  const counts = await store.countSealed();
  const rows = await Promise.all(counts.map(({ keyId }) => store.listSealed(kind, keyId, null, 1_000)));
  return rows.flat().map((row) => (row.kind === "credential" ? row.credential.id : row.kind));
}

export function describeKeyRotation(get: GetHarness): void {
  describe("a data key", () => {
    it("A66: is replaced by one of two racers; the one before stays readable, and the log has it once", async () => {
      const { store, another } = get();
      const replica = await another();
      await install(store);
      const won = await Promise.all([rotate(store, "dk_1", "dk_2"), rotate(replica, "dk_1", "dk_3")]);
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = won[0] ? "dk_2" : "dk_3";
      expect(await statesOf(replica)).toEqual({ dk_1: "readable", [winner]: "current", dgk_1: "current" });
      expect((await replica.readKeycheck())?.keyId).toBe(winner);
      expect((await auditOf(store)).map(({ action }) => action)).toEqual(["vault.rotated"]);
    });

    it("is not retired while it seals anything, and the counts say what", async () => {
      const { store } = get();
      await install(store);
      const server = await createServer(store, withStatic(sealedUnder("dk_1")));
      const { id } = await upsert(store, server, someone("ada"));
      const record = oauthRecord(sealedUnder("dk_1"));
      await store.saveOauthRecord(record);
      expect(await retire(store, "dk_1")).toEqual({ kind: "current" });
      await rotate(store, "dk_1", "dk_2");
      const inUse = (credentials: number, servers: number, oauthRecords: number) => ({
        kind: "in_use",
        counts: { keyId: "dk_1", credentials, servers, oauthRecords },
      });
      expect(await retire(store, "dk_1")).toEqual(inUse(1, 1, 1));
      await store.revokeCredential(id, entry("credential.revoked"));
      expect(await retire(store, "dk_1")).toEqual(inUse(0, 1, 1));
      await store.deleteServer(server.id, entry("server.deleted"));
      expect(await retire(store, "dk_1")).toEqual(inUse(0, 0, 1));
      expect((await store.listKeys()).find((key) => key.id === "dk_1")).toMatchObject({ state: "readable" });
      await store.deleteOauthRecord("Client", record.id);
      expect(await retire(store, "dk_1")).toEqual({ kind: "retired" });
      expect((await auditOf(store)).filter(({ action }) => action === "vault.retired")).toHaveLength(1);
    });

    it("that is retired has no bytes any more; retiring it again, the digest key or an unknown one does nothing", async () => {
      const { store } = get();
      await install(store);
      await rotate(store, "dk_1", "dk_2");
      expect(await retire(store, "dk_1")).toEqual({ kind: "retired" });
      expect(await retire(store, "dk_1")).toEqual({ kind: "retired_before" });
      expect(await retire(store, "dgk_1")).toEqual({ kind: "unknown" });
      expect(await retire(store, "dk_9")).toEqual({ kind: "unknown" });
      const [key] = (await store.listKeys()).filter(({ id }) => id === "dk_1");
      expect([key?.state, key?.wrapped.length]).toEqual(["retired", 0]);
      expect((await auditOf(store)).filter(({ action }) => action === "vault.retired")).toHaveLength(1);
    });

    it("A66: that is retired seals nothing any more, by whatever way a process that missed it comes", async () => {
      const { store } = get();
      await install(store);
      const server = await createServer(store, withStatic(sealedUnder("dk_1")));
      const ada = await upsert(store, server, someone("ada"));
      await rotate(store, "dk_1", "dk_2");
      const fresh = sealedUnder("dk_2");
      await store.updateServer(server.id, server.version, withStatic(fresh), entry("server.updated"));
      const seen = { kind: "credential", credential: ada } as const;
      expect(await store.reseal([{ seen, sealed: fresh }])).toBe(1);
      expect(await retire(store, "dk_1")).toEqual({ kind: "retired" });

      const late = sealedUnder("dk_1");
      const again = present(await store.readCredential({ serverId: server.id, identity: someone("ada") }));
      const attempts = [
        store.upsertCredential(toStore(server, someone("ada")), sealSlot, entry("credential.stored")),
        store.upsertCredential(toStore(server, someone("bob")), sealSlot, entry("credential.stored")),
        createServer(store, withStatic(late)),
        store.updateServer(server.id, server.version + 1, withStatic(late), entry("server.updated")),
        store.saveOauthRecord(oauthRecord(late)),
        store.reseal([{ seen: { kind: "credential", credential: again }, sealed: late }]),
      ];
      const refused = Array.from(attempts, () => "credential_store_unavailable");
      expect(await Promise.all(attempts.map(codeOf))).toEqual(refused);
      expect((await store.countSealed()).map(({ keyId }) => keyId)).toEqual(["dk_2"]);
    });

    it("A66: that is retired at the moment in which something is sealed under it either waits for that or refuses it", async () => {
      const { store, another } = get();
      const replica = await another();
      await install(store);
      const server = await createServer(store);
      let current = "dk_1";
      for (let round = 0; round < 10; round += 1) {
        const old = current;
        current = `dk_round_${round}`;
        await rotate(store, old, current);
        const seal = () => sealedUnder(old);
        const stored = Promise.allSettled(
          [1, 2, 3].map((n) =>
            replica.upsertCredential(toStore(server, someone(`who-${round}-${n}`)), seal, entry("credential.stored")),
          ),
        );
        const outcome = await retire(store, old);
        await stored;
        const left = (await store.countSealed()).find(({ keyId }) => keyId === old);
        expect([outcome.kind, left === undefined]).toEqual(
          outcome.kind === "retired" ? ["retired", true] : ["in_use", false],
        );
      }
    });
  });

  describe("re-sealing", () => {
    it("A67: leaves alone what changed, went or was re-sealed since it was read, and touches nothing but the ciphertext", async () => {
      const { store, advance } = get();
      await install(store);
      const server = await createServer(store, withStatic(sealedUnder("dk_1")));
      const rows = await Promise.all(["ada", "bob", "eve"].map((who) => upsert(store, server, someone(who))));
      const record = oauthRecord(sealedUnder("dk_1"));
      await store.saveOauthRecord(record);
      await rotate(store, "dk_1", "dk_2");
      const seen = [
        ...(await store.listSealed("credential", "dk_1", null, 10)),
        ...(await store.listSealed("server", "dk_1", null, 10)),
        ...(await store.listSealed("oauth_record", "dk_1", null, 10)),
      ];
      expect(seen.map(({ kind }) => kind)).toEqual([
        "credential",
        "credential",
        "credential",
        "server",
        "oauth_record",
      ]);
      const eventsBefore = (await auditOf(store)).length;

      await upsert(store, server, someone("ada"));
      await store.revokeCredential(rows[1]?.id ?? "", entry("credential.revoked"));
      await store.updateServer(server.id, 1, withStatic(sealedUnder("dk_1")), entry("server.updated"));
      await store.saveOauthRecord({ ...record, sealed: sealedUnder("dk_1") });
      advance(60_000);
      const resealed = seen.map((row) => ({ seen: row, sealed: sealedUnder("dk_2") }));
      expect(await store.reseal(resealed)).toBe(1);
      expect(await store.reseal(resealed)).toBe(0);

      const eve = present(await store.readCredential({ serverId: server.id, identity: someone("eve") }));
      const { sealed, ...visible } = eve;
      const { sealed: _, ...before } = present(rows[2]);
      expect([sealed.keyId, visible]).toEqual(["dk_2", before]);
      expect(await store.countSealed()).toEqual([
        { keyId: "dk_1", credentials: 1, servers: 1, oauthRecords: 1 },
        { keyId: "dk_2", credentials: 1, servers: 0, oauthRecords: 0 },
      ]);
      expect((await auditOf(store)).length).toBe(eventsBefore + 3);
    });

    it("A67: of everything, interrupted and by several at once, among updates and revokes, loses nothing", async () => {
      const { store, another } = get();
      const { options, vault } = await realKeys(store);
      const replica = await another();
      const late = await realKeys(replica, options.keyEncryption);
      const server = await createServer(store);
      const statics = await createServer(store);
      const sealedStatics = sealStaticHeaders(vault, valuesOf("static"), statics.id, statics.origin);
      await store.updateServer(statics.id, 1, withStatic(sealedStatics), entry("server.updated"));
      const record = oauthRecord(sealedUnder("x"));
      const payload = vault.seal(Buffer.from("payload"), oauthRecordContext(record));
      await store.saveOauthRecord({ ...record, sealed: payload });
      const people = Array.from({ length: 120 }, (_, n) => `who-${n}`);
      for (const who of people) {
        await storeValue(store, vault, server.id, who, `${who} first`);
      }
      const { keyId, previousKeyId } = await rotateDataKey(options);

      // One that dies after its first batch.
      const dying = {
        ...store,
        reseal: async (rows: Parameters<AllPorts["reseal"]>[0]) => {
          await store.reseal(rows);
          throw new Error("killed");
        },
      };
      await vault.refresh();
      await expect(rewrap({ store: dying, vault, clock }, FAST)).rejects.toThrow("killed");
      expect(await codeOf(retireDataKey({ keyStore: store }, previousKeyId))).toBe("key_in_use");

      const rewrapping = [rewrap({ store, vault, clock }, FAST), rewrap({ store: replica, vault, clock }, FAST)];
      const revoked = new Set(people.filter((_, n) => n % 10 === 0));
      const updated = new Set(people.filter((_, n) => n % 10 === 1));
      for (const who of revoked) {
        const { id } = present(await store.readCredential({ serverId: server.id, identity: someone(who) }));
        await store.revokeCredential(id, entry("credential.revoked"));
      }
      for (const who of updated) {
        // By a process that has not heard of the rotation: under the old key.
        await storeValue(replica, late.vault, server.id, who, `${who} second`);
      }
      await Promise.all(rewrapping);
      await rewrap({ store, vault, clock }, FAST);

      expect(await store.countSealed()).toEqual([
        { keyId, credentials: people.length - revoked.size, servers: 1, oauthRecords: 1 },
      ]);
      expect(await retireDataKey({ keyStore: store }, previousKeyId)).toBe(true);
      const restarted = (await realKeys(replica, options.keyEncryption)).vault;
      for (const who of people.filter((person) => !revoked.has(person))) {
        const expected = `${who} ${updated.has(who) ? "second" : "first"}`;
        expect(await valueOf(replica, restarted, server.id, who)).toBe(expected);
      }
      expect(await allSealed(store, "credential")).toHaveLength(people.length - revoked.size);
      const server2 = present(await store.findServer(statics.id));
      expect([textIn(await openStaticHeaders(restarted, server2)), server2.version]).toEqual(["static", 2]);
      const found = present(await store.findOauthRecord("Client", record.id));
      expect(Buffer.from(await restarted.open(found.sealed, oauthRecordContext(found))).toString()).toBe("payload");
    });

    it("A66: of static headers is seen by the next call, though the server is the same version", async () => {
      const { store } = get();
      await install(store);
      const server = await createServer(store, withStatic(sealedUnder("dk_1")));
      const keyIdOfCall = async () =>
        (await store.findAccess(someone("ada"), server.name))?.server.staticHeaders?.keyId;
      expect(await keyIdOfCall()).toBe("dk_1");
      await rotate(store, "dk_1", "dk_2");
      const rows = await store.listSealed("server", "dk_1", null, 10);
      expect(await store.reseal(rows.map((seen) => ({ seen, sealed: sealedUnder("dk_2") })))).toBe(1);
      expect(await keyIdOfCall()).toBe("dk_2");
    });

    it("A21: passes over what does not open, says which it is, and does the rest", async () => {
      const { store } = get();
      const { options, vault } = await realKeys(store);
      const server = await createServer(store);
      await storeValue(store, vault, server.id, "ada", "ada first");
      const foreign = await store.upsertCredential(
        toStore(server, someone("eve")),
        () => vault.seal(encodeHeaderValues(valuesOf("x")), { purpose: "header_credential", fields: ["elsewhere"] }),
        entry("credential.stored"),
      );
      const { previousKeyId } = await rotateDataKey(options);
      await vault.refresh();
      const seen: number[] = [];
      const onProgress = ({ done, total }: { done: number; total: number }) => seen.push(done, total);
      const result = await rewrap({ store, vault, clock }, { ...FAST, onProgress });
      expect(result).toMatchObject({ resealed: 1, unreadable: 1, unreadableIds: [foreign.id] });
      expect(seen.slice(0, 2)).toEqual([2, 2]);
      expect(await valueOf(store, vault, server.id, "ada")).toBe("ada first");
      const row = present(await store.readCredential({ serverId: server.id, identity: someone("eve") }));
      expect(row.sealed).toEqual(foreign.sealed);
      expect(await codeOf(retireDataKey({ keyStore: store }, previousKeyId))).toBe("key_in_use");
    });
  });

  describe("a new key-encryption key", () => {
    const nextKek = () => new LocalKeyEncryption(createSecretKey(randomBytes(32)), random);

    it("opens everything as soon as it is staged, and so does the old one; alone once it is promoted", async () => {
      const { store, another } = get();
      const { options, vault } = await realKeys(store);
      const { previousKeyId } = await rotateDataKey(options);
      const server = await createServer(store);
      await storeValue(store, vault, server.id, "ada", "ada first");
      const digest = vault.digest("virtual_key", TOKEN);
      const next = nextKek();
      expect(await stageKeyEncryption(options, next)).toEqual({ from: options.keyEncryption.id, to: next.id });

      const replica = await another();
      const restarted = await realKeys(replica, next);
      expect(await valueOf(replica, restarted.vault, server.id, "ada")).toBe("ada first");
      expect(restarted.vault.digest("virtual_key", TOKEN)).toBe(digest);
      await realKeys(replica, options.keyEncryption);

      expect(await promoteKeyEncryption(restarted.options)).toEqual({ from: options.keyEncryption.id, to: next.id });
      expect(await codeOf(realKeys(replica, options.keyEncryption))).toBe("encryption_key_wrong");
      expect(await valueOf(replica, (await realKeys(replica, next)).vault, server.id, "ada")).toBe("ada first");
      // What runs since before is not affected.
      expect(await valueOf(store, vault, server.id, "ada")).toBe("ada first");
      expect((await store.listKeys()).map(({ kekId, staged }) => [kekId, staged])).toEqual([
        [next.id, null],
        [next.id, null],
        [next.id, null],
      ]);
      const { keyId } = await rotateDataKey(restarted.options);
      expect(keyId).not.toBe(previousKeyId);
      expect(
        (await auditOf(store)).map(({ action }) => action).filter((action) => action.startsWith("vault.")),
      ).toEqual(["vault.rotated", "vault.staged", "vault.promoted", "vault.rotated"]);
    });

    it("is staged one at a time, and refused in the wrong order with what has to come first", async () => {
      const { store } = get();
      const { options } = await realKeys(store);
      const next = nextKek();
      const withNext = { ...options, keyEncryption: next };
      const refusal = async (change: Promise<unknown>) =>
        change.then(
          () => "done",
          (error: unknown) => (isKeywardError(error) ? `${error.code}: ${error.message}` : "foreign"),
        );
      expect(await refusal(promoteKeyEncryption(options))).toMatch(/^key_change_refused: .*nothing to promote/);
      expect(await refusal(unstageKeyEncryption(options))).toMatch(/^key_change_refused: .*nothing to unstage/);
      expect(await refusal(stageKeyEncryption(options, options.keyEncryption))).toMatch(
        /^key_change_refused: .*in use/,
      );
      expect(await refusal(promoteKeyEncryption(withNext))).toMatch(/^encryption_key_wrong: /);
      await stageKeyEncryption(options, next);
      expect(await refusal(stageKeyEncryption(options, next))).toMatch(/^key_change_refused: .*already.*promote it/);
      expect(await refusal(stageKeyEncryption(options, nextKek()))).toMatch(/^key_change_refused: .*only one/);
      expect(await refusal(promoteKeyEncryption(options))).toMatch(/^key_change_refused: .*Restart every gateway/);
      expect(await refusal(unstageKeyEncryption(withNext))).toMatch(/^key_change_refused: .*then unstage/);
      expect(await refusal(rotateDataKey(options))).toMatch(/^key_change_refused: .*Promote it or unstage it first/);
      await unstageKeyEncryption(options);
      expect(await codeOf(realKeys(store, next))).toBe("encryption_key_wrong");
      expect(await refusal(rotateDataKey(options))).toBe("done");
    });

    it("A24: that does not give back what it wrapped is not staged, and nothing is written", async () => {
      const { store } = get();
      const { options } = await realKeys(store);
      const real = nextKek();
      const plain = {
        id: "kek_plain",
        wrap: async (key: Uint8Array) => Uint8Array.from(key),
        unwrap: async (key: Uint8Array) => Uint8Array.from(key),
      };
      const liar = { id: "kek_liar", wrap: real.wrap.bind(real), unwrap: async () => randomBytes(32) };
      for (const next of [plain, liar]) {
        expect(await codeOf(stageKeyEncryption(options, next))).toBe("encryption_key_invalid");
      }
      expect((await store.listKeys()).every(({ staged }) => staged === null)).toBe(true);
    });

    it("is not staged for keys that are not the ones that it wrapped, and forgets a retired one", async () => {
      const { store } = get();
      await install(store);
      const wrapping = (keyId: string) => ({ keyId, wrapped: new Uint8Array([9]) });
      const stage = (...ids: string[]) => store.stageWrappings("kek_2", ids.map(wrapping), entry("vault.staged"));
      expect(await stage("dk_1")).toBe(false);
      expect(await stage("dk_1", "dgk_1", "dk_2")).toBe(false);
      await rotate(store, "dk_1", "dk_2");
      expect(await stage("dk_1", "dgk_1", "dk_2")).toBe(true);
      expect(await rotate(store, "dk_2", "dk_3")).toBe(false);
      expect(await retire(store, "dk_1")).toEqual({ kind: "retired" });
      expect(await store.promoteWrappings("kek_3", entry("vault.promoted"))).toBe(false);
      expect(await store.unstageWrappings("kek_3", entry("vault.unstaged"))).toBe(false);
      expect(await store.promoteWrappings("kek_2", entry("vault.promoted"))).toBe(true);
      expect(await store.promoteWrappings("kek_2", entry("vault.promoted"))).toBe(false);
      const keys = (await store.listKeys()).map(({ id, kekId, wrapped, staged }) => [
        id,
        [kekId, [...wrapped], staged],
      ]);
      expect(Object.fromEntries(keys)).toEqual({
        dgk_1: ["kek_2", [9], null],
        dk_1: ["kek_1", [], null],
        dk_2: ["kek_2", [9], null],
      });
    });
  });

  it("seals are added up, by key", async () => {
    const { store, another } = get();
    await install(store);
    const replica = await another();
    await Promise.all([store.noteSeals(new Map([["dk_1", 3]])), replica.noteSeals(new Map([["dk_1", 4]]))]);
    expect((await store.listKeys()).find(({ id }) => id === "dk_1")?.seals).toBe(7);
  });
}
