import { describe, expect, it } from "vitest";
import type { CredentialFilter } from "../../src/core/store-port.ts";
import {
  actionsOf,
  addToken,
  allOf,
  auditOf,
  codeOf,
  createKey,
  createServer,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  identityOfKey,
  ORIGIN,
  OTHER_ORIGIN,
  present,
  schemaOf,
  sealedFor,
  sealSlot,
  toStore,
  upsert,
  user,
} from "./fixtures.ts";

const REVOKED = {
  actor: { kind: "system" },
  action: "credential.revoked",
  outcome: "ok",
  requestId: null,
  address: null,
} as const;

export function describeCredentials(get: GetHarness): void {
  describe("a credential", () => {
    it("keeps id and creation time over new values, and adds 1 to its version", async () => {
      const { store, advance, now, reopen } = get();
      const server = await createServer(store);
      const created = now();
      const first = await upsert(store, server, user("ada"), { verification: null });
      expect(first).toMatchObject({
        version: 1,
        status: "active",
        statusReason: null,
        orphanedAt: null,
        verification: null,
        verifiedAt: null,
        lastUsedAt: null,
        createdAt: created,
        updatedAt: created,
        origin: ORIGIN,
        fieldNames: ["x-api-key"],
      });
      advance(10);
      const second = await upsert(store, server, user("ada"));
      expect(second).toMatchObject({
        id: first.id,
        version: 2,
        createdAt: created,
        updatedAt: now(),
        verification: "proven",
        verifiedAt: now(),
      });
      expect(await (await reopen()).readCredential({ serverId: server.id, identity: user("ada") })).toEqual(second);
    });

    it("A22, A23: is sealed for exactly the id and version of its row", async () => {
      const { store } = get();
      const server = await createServer(store);
      for (const version of [1, 2, 3]) {
        const row = await upsert(store, server, user("ada"));
        expect(sealedFor(row)).toBe(`${row.id}#${version}`);
      }
    });

    it("A22: is found only by its own server, mode and identity", async () => {
      const { store } = get();
      const [server, other] = [await createServer(store), await createServer(store)];
      const row = await upsert(store, server, user("ada"));
      expect(await store.readCredential(row)).toEqual(row);
      for (const binding of [
        { serverId: other.id, identity: user("ada") },
        { serverId: server.id, identity: user("bob") },
        { serverId: server.id, identity: { mode: "session", id: "ada" } },
      ] as const) {
        expect(await store.readCredential(binding)).toBeNull();
      }
    });

    it("is as it was when sealing fails", async () => {
      const { store } = get();
      const server = await createServer(store);
      const before = await upsert(store, server, user("ada"));
      const failing = () => {
        throw new Error("no key");
      };
      await expect(
        store.upsertCredential(toStore(server, user("ada")), failing, entry("credential.stored")),
      ).rejects.toThrow("no key");
      expect(await store.readCredential(before)).toEqual(before);
      expect((await actionsOf(store)).filter((action) => action === "credential.stored")).toHaveLength(1);
    });

    it("gets a version of its own for each of 50 racers on two replicas, and one event each", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const rows = await Promise.all(
        Array.from({ length: 50 }, (_, i) => upsert(i % 2 === 0 ? store : replica, server, user("ada"))),
      );
      expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
      expect(rows.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(rows.map((_, i) => i + 1));
      expect(rows.every((row) => sealedFor(row) === `${row.id}#${row.version}`)).toBe(true);
      expect((await store.readCredential(present(rows[0])))?.version).toBe(50);
      const events = (await auditOf(store)).filter(({ action }) => action === "credential.stored");
      expect(events.map(({ version }) => version)).toEqual(rows.map((_, i) => i + 1));
    });

    it("stays orphaned when it is written while the identity has no access", async () => {
      const { store, now } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      await upsert(store, server, user("ada"));
      await grantTo(store, server, []);
      expect(await upsert(store, server, user("ada"))).toMatchObject({
        version: 2,
        status: "active",
        orphanedAt: now(),
      });
    });

    it("is not active when the server was edited since its values were gathered", async () => {
      const { store } = get();
      const old = await createServer(store, { headerSchema: schemaOf("a") });
      await store.updateServer(old.id, 1, { headerSchema: schemaOf("a", "b") }, entry("server.updated"));
      expect(await upsert(store, old, user("ada"))).toMatchObject({ status: "needs_update", schemaRevision: 1 });
      const satisfied = await upsert(store, old, user("bob"), { fieldNames: ["a", "b"] });
      expect(satisfied).toMatchObject({ status: "active", schemaRevision: 1 });
      await store.updateServer(old.id, 2, { origin: OTHER_ORIGIN }, entry("server.updated"));
      expect(await upsert(store, old, user("bob"))).toMatchObject({ status: "needs_update", origin: ORIGIN });
    });

    it("cannot be stored for a server that is not there", async () => {
      const { store } = get();
      const server = await createServer(store);
      await store.deleteServer(server.id, entry("server.deleted"));
      expect(await codeOf(upsert(store, server, user("ada")))).toBe("server_not_found");
      expect(await store.readCredential({ serverId: server.id, identity: user("ada") })).toBeNull();
    });

    it("is rejected only in the version that was refused, and only once", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, user("ada"));
      await upsert(store, server, user("ada"));
      const reject = (version: number) => store.rejectCredential(id, version, "401", entry("credential.rejected"));
      expect(await reject(1)).toBe(false);
      expect(await reject(2)).toBe(true);
      expect(await reject(2)).toBe(false);
      expect(await store.findCredential(id)).toMatchObject({ status: "rejected", statusReason: "401", version: 2 });
      const events = (await auditOf(store)).filter(({ action }) => action === "credential.rejected");
      expect(events).toMatchObject([{ serverId: server.id, identity: user("ada"), credentialId: id, version: 2 }]);
      expect(await upsert(store, server, user("ada"))).toMatchObject({
        version: 3,
        status: "active",
        statusReason: null,
      });
    });

    it("notes its last use at most once a minute", async () => {
      const { store, advance, now, another } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, user("ada"));
      const lastUse = async () => (await store.findCredential(id))?.lastUsedAt;
      // A use at another replica, which writes it down when it is closed.
      const use = async () => {
        const replica = await another();
        await replica.touchCredential(id);
        await replica.close();
      };
      const first = now();
      await use();
      expect(await lastUse()).toBe(first);
      advance(59_999);
      await use();
      expect(await lastUse()).toBe(first);
      advance(1);
      await use();
      expect(await lastUse()).toBe(now());
      expect(await codeOf(store.touchCredential("cred_unknown"))).toBe("resolved");
    });
  });

  describe("revoking", () => {
    it("takes the credential, the flow and the tokens of the binding, and nothing of anybody else", async () => {
      const { store } = get();
      const server = await createServer(store);
      const [mine, theirs] = [await upsert(store, server, user("ada")), await upsert(store, server, user("bob"))];
      const [myFlow, theirFlow] = [await flowOf(store, server, user("ada")), await flowOf(store, server, user("bob"))];
      await addToken(store, myFlow.id, "digest_mine");
      await addToken(store, theirFlow.id, "digest_theirs");

      const { sealed: _, ...record } = mine;
      expect(await store.revokeCredential(mine.id, REVOKED)).toEqual(record);

      expect(await store.readCredential(mine)).toBeNull();
      expect(await store.findFlow(myFlow.id)).toBeNull();
      expect(await store.findTempToken("digest_mine")).toBeNull();
      expect(await store.readCredential(theirs)).toEqual(theirs);
      expect(await store.findTempToken("digest_theirs")).not.toBeNull();
      expect((await auditOf(store)).at(-1)).toMatchObject({
        ...REVOKED,
        serverId: server.id,
        identity: user("ada"),
        credentialId: mine.id,
        version: 1,
      });
    });

    it("twice, or something unknown, is a success that changes nothing", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const { id } = await upsert(store, server, user("ada"));
      const revoked = await Promise.all([store.revokeCredential(id, REVOKED), replica.revokeCredential(id, REVOKED)]);
      expect(revoked.filter((row) => row !== null)).toHaveLength(1);
      expect(await store.revokeCredential("cred_unknown", REVOKED)).toBeNull();
      expect((await actionsOf(store)).filter((action) => action === "credential.revoked")).toHaveLength(1);
    });

    it("A12: another identity's credential counts as absent", async () => {
      const { store } = get();
      const server = await createServer(store);
      const row = await upsert(store, server, user("ada"));
      expect(await store.revokeCredential(row.id, REVOKED, user("bob"))).toBeNull();
      expect(await store.revokeCredential(row.id, REVOKED, { mode: "session", id: "ada" })).toBeNull();
      expect(await store.readCredential(row)).toEqual(row);
      expect(await store.revokeCredential(row.id, REVOKED, user("ada"))).not.toBeNull();
    });

    it("begins anew: the next value is version 1 of another id", async () => {
      const { store } = get();
      const server = await createServer(store);
      const first = await upsert(store, server, user("ada"));
      await store.revokeCredential(first.id, REVOKED);
      const second = await upsert(store, server, user("ada"));
      expect(second.version).toBe(1);
      expect(second.id).not.toBe(first.id);
    });
  });

  describe("the list of credentials", () => {
    it("is newest first, pages without gap or repetition, and holds no value", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const ids: string[] = [];
      for (let i = 0; i < 25; i += 1) {
        // Groups of equal creation times: the id breaks the tie.
        advance(i % 5 === 0 ? 1 : 0);
        ids.push((await upsert(store, server, user(`user-${i}`))).id);
      }
      const all = await allOf((page) => store.listCredentials({}, page), 4);
      expect(all.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      const keys = all.map(({ createdAt, id }) => [createdAt, id] as const);
      expect(keys).toEqual(keys.toSorted(([a, x], [b, y]) => b - a || (x < y ? 1 : -1)));
      expect(all.some((item) => "sealed" in item)).toBe(false);
    });

    it("keeps its place when rows come and go between pages", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      for (let i = 0; i < 6; i += 1) {
        advance(1);
        await upsert(store, server, user(`user-${i}`));
      }
      const first = await store.listCredentials({}, { limit: 3 });
      advance(1);
      await upsert(store, server, user("late"));
      await store.revokeCredential(present(first.items[2]).id, REVOKED);
      const second = await store.listCredentials({}, { limit: 3, cursor: first.nextCursor });
      expect(second.items.map(({ identity }) => identity.id)).toEqual(["user-2", "user-1", "user-0"]);
    });

    it("is counted by server and by the state that is shown", async () => {
      const { store } = get();
      expect(await store.countCredentials()).toEqual([]);
      const weather = await createServer(store, { name: "weather", allowAllIdentities: true });
      const mail = await createServer(store, { name: "mail", allowAllIdentities: true });
      const [ada, bob] = [await upsert(store, weather, user("ada")), await upsert(store, weather, user("bob"))];
      await upsert(store, mail, user("ada"));
      await store.rejectCredential(ada.id, ada.version, "list_tools", entry("credential.rejected"));
      const none = { active: 0, needs_update: 0, rejected: 0, orphaned: 0 };
      const counts = async () => new Map((await store.countCredentials()).map(({ serverId, ...of }) => [serverId, of]));
      expect(await counts()).toEqual(
        new Map([
          [weather.id, { ...none, active: 1, rejected: 1 }],
          [mail.id, { ...none, active: 1 }],
        ]),
      );
      await store.revokeCredential(bob.id, REVOKED);
      await store.updateServer(weather.id, weather.version, { status: "disabled" }, entry("server.updated"));
      expect((await counts()).get(weather.id)).toEqual({ ...none, orphaned: 1 });
    });

    it("names server and virtual key", async () => {
      const { store } = get();
      const server = await createServer(store, { name: "weather" });
      const key = await createKey(store, { name: "CI robot" });
      const { id } = await upsert(store, server, identityOfKey(key));
      expect(await store.findCredential(id)).toMatchObject({ id, serverName: "weather", identityName: "CI robot" });
      expect(await store.findCredential("cred_unknown")).toBeNull();
      const twin = await upsert(store, server, user(key.id));
      expect(await store.findCredential(twin.id)).toMatchObject({ identityName: null });
      expect((await store.listCredentials({ q: "robot" }, {})).items.map((row) => row.id)).toEqual([id]);
    });

    it("filters by server, identity, mode, shown state and text", async () => {
      const { store } = get();
      const weather = await createServer(store, { name: "weather", allowAllIdentities: false });
      const mail = await createServer(store, { name: "mail_100" });
      const key = await createKey(store, { name: "CI 100% Robot" });
      await grantTo(store, weather, [user("ada"), identityOfKey(key)]);
      const rows = {
        adaWeather: await upsert(store, weather, user("ada")),
        adaMail: await upsert(store, mail, user("ada"), { status: "needs_update" }),
        keyMail: await upsert(store, mail, identityOfKey(key)),
        bobWeather: await upsert(store, weather, user("bob_1")),
      };
      await grantTo(store, weather, [user("ada")]);
      await store.rejectCredential(rows.keyMail.id, 1, "401", entry("credential.rejected"));
      const found = async (filter: CredentialFilter) => {
        const ids = (await store.listCredentials(filter, {})).items.map(({ id }) => id);
        return Object.entries(rows).flatMap(([name, { id }]) => (ids.includes(id) ? [name] : []));
      };
      expect(await found({ serverId: weather.id })).toEqual(["adaWeather", "bobWeather"]);
      expect(await found({ identity: user("ada") })).toEqual(["adaWeather", "adaMail"]);
      expect(await found({ authMode: "virtual_key" })).toEqual(["keyMail"]);
      expect(await found({ status: "active" })).toEqual(["adaWeather"]);
      expect(await found({ status: "orphaned" })).toEqual(["bobWeather"]);
      expect(await found({ status: "needs_update" })).toEqual(["adaMail"]);
      expect(await found({ status: "rejected", serverId: mail.id })).toEqual(["keyMail"]);
      expect(await found({ q: "WEATH" })).toEqual(["adaWeather", "bobWeather"]);
      expect(await found({ q: "robot" })).toEqual(["keyMail"]);
      expect(await found({ q: "0%" })).toEqual(["keyMail"]);
      expect(await found({ q: "b_1" })).toEqual(["bobWeather"]);
      expect(await found({ q: "a_" })).toEqual([]);
      expect(await found({ q: "\\" })).toEqual([]);
      expect(await found({ q: "ada", serverId: mail.id })).toEqual(["adaMail"]);
    });

    it("refuses the cursor of another list", async () => {
      const { store } = get();
      await createServer(store, { name: "a" });
      await createServer(store, { name: "b" });
      const { nextCursor } = await store.listServers({ limit: 1 });
      expect(await codeOf(store.listCredentials({}, { cursor: nextCursor }))).toBe("invalid_request");
    });

    it("seals nothing and opens nothing: a credential is read with its ciphertext only by its binding", async () => {
      const { store } = get();
      const server = await createServer(store);
      const row = await upsert(store, server, user("ada"));
      expect(row.sealed).toEqual(sealSlot({ credentialId: row.id, version: 1 }));
      expect(await store.findCredential(row.id)).not.toHaveProperty("sealed");
    });
  });
}
