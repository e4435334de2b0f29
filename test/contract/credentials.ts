import { describe, expect, it } from "vitest";
import type { CredentialRecord } from "../../src/core/credential.ts";
import type { CredentialFilter } from "../../src/core/credential-port.ts";
import {
  actionsOf,
  addToken,
  allOf,
  auditOf,
  codeOf,
  createKey,
  createServer,
  createUser,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  identityOfKey,
  identityOfUser,
  ORIGIN,
  OTHER_ORIGIN,
  present,
  schemaOf,
  sealedFor,
  sealSlot,
  toStore,
  upsert,
  USE_OF_NOTHING,
  useOf,
  verifying,
  someone,
  writtenVersions,
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
      const first = await upsert(store, server, someone("ada"), { verification: null });
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
      const second = await upsert(store, server, someone("ada"));
      expect(second).toMatchObject({
        id: first.id,
        version: 2,
        createdAt: created,
        updatedAt: now(),
        verification: "proven",
        verifiedAt: now(),
      });
      expect(await (await reopen()).readCredential({ serverId: server.id, identity: someone("ada") })).toEqual(second);
    });

    it("A22, A23: is sealed for exactly the id and version of its row", async () => {
      const { store } = get();
      const server = await createServer(store);
      for (const version of [1, 2, 3]) {
        const row = await upsert(store, server, someone("ada"));
        expect(sealedFor(row)).toBe(`${row.id}#${version}`);
      }
    });

    it("A22: is found only by its own server, mode and identity", async () => {
      const { store } = get();
      const [server, other] = [await createServer(store), await createServer(store)];
      const row = await upsert(store, server, someone("ada"));
      expect(await store.readCredential(row)).toEqual(row);
      for (const binding of [
        { serverId: other.id, identity: someone("ada") },
        { serverId: server.id, identity: someone("bob") },
        { serverId: server.id, identity: { mode: "virtual_key", id: "ada" } },
      ] as const) {
        expect(await store.readCredential(binding)).toBeNull();
      }
    });

    it("is as it was when sealing fails", async () => {
      const { store } = get();
      const server = await createServer(store);
      const before = await upsert(store, server, someone("ada"));
      const failing = () => {
        throw new Error("no key");
      };
      await expect(
        store.upsertCredential(toStore(server, someone("ada")), failing, entry("credential.stored")),
      ).rejects.toThrow("no key");
      expect(await store.readCredential(before)).toEqual(before);
      expect((await actionsOf(store)).filter((action) => action === "credential.stored")).toHaveLength(1);
    });

    it("gets a version of its own for each of 50 racers on two replicas, and one event each", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const rows = await Promise.all(
        Array.from({ length: 50 }, (_, i) => upsert(i % 2 === 0 ? store : replica, server, someone("ada"))),
      );
      expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
      expect(rows.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(rows.map((_, i) => i + 1));
      expect(rows.every((row) => sealedFor(row) === `${row.id}#${row.version}`)).toBe(true);
      expect((await store.readCredential(present(rows[0])))?.version).toBe(50);
      expect(await writtenVersions(store)).toEqual(rows.map((_, i) => i + 1));
    });

    it("stays orphaned when it is written while the identity has no access", async () => {
      const { store, now } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      await upsert(store, server, someone("ada"));
      await grantTo(store, server, []);
      expect(await upsert(store, server, someone("ada"))).toMatchObject({
        version: 2,
        status: "active",
        orphanedAt: now(),
      });
    });

    it("is not active when the server was edited since its values were gathered", async () => {
      const { store } = get();
      const old = await createServer(store, { headerSchema: schemaOf("a") });
      await store.updateServer(old.id, 1, { headerSchema: schemaOf("a", "b") }, entry("server.updated"));
      expect(await upsert(store, old, someone("ada"))).toMatchObject({ status: "needs_update", schemaRevision: 1 });
      const satisfied = await upsert(store, old, someone("bob"), { fieldNames: ["a", "b"] });
      expect(satisfied).toMatchObject({ status: "active", schemaRevision: 1 });
      await store.updateServer(old.id, 2, { origin: OTHER_ORIGIN }, entry("server.updated"));
      expect(await upsert(store, old, someone("bob"))).toMatchObject({ status: "needs_update", origin: ORIGIN });
    });

    it("cannot be stored for a server that is not there", async () => {
      const { store } = get();
      const server = await createServer(store);
      await store.deleteServer(server.id, entry("server.deleted"));
      expect(await codeOf(upsert(store, server, someone("ada")))).toBe("server_not_found");
      expect(await store.readCredential({ serverId: server.id, identity: someone("ada") })).toBeNull();
    });

    it("is rejected only in the version that was refused, and only once", async () => {
      const { store } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      await upsert(store, server, someone("ada"));
      const reject = (version: number) => store.rejectCredential(id, version, "401", entry("credential.rejected"));
      expect(await reject(1)).toBe(false);
      expect(await reject(2)).toBe(true);
      expect(await reject(2)).toBe(false);
      expect(await store.findCredential(id)).toMatchObject({ status: "rejected", statusReason: "401", version: 2 });
      const events = (await auditOf(store)).filter(({ action }) => action === "credential.rejected");
      expect(events).toMatchObject([{ serverId: server.id, identity: someone("ada"), credentialId: id, version: 2 }]);
      expect(await upsert(store, server, someone("ada"))).toMatchObject({
        version: 3,
        status: "active",
        statusReason: null,
      });
    });

    it("notes its last use at most once a minute", async () => {
      const { store, advance, now, another } = get();
      const server = await createServer(store);
      const row = await upsert(store, server, someone("ada"));
      const lastUse = async () => (await store.findCredential(row.id))?.lastUsedAt;
      // A use at another replica, which writes it down when it is closed.
      const use = async () => {
        const replica = await another();
        await replica.touchCredential(useOf(row));
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
      expect(await codeOf(store.touchCredential(USE_OF_NOTHING))).toBe("resolved");
    });
  });

  describe("the uses of a credential", () => {
    /** A use at another replica, which writes it down when it is closed. */
    async function use(credential: CredentialRecord, requestId: string): Promise<void> {
      const replica = await get().another();
      await replica.touchCredential(useOf(credential, requestId));
      await replica.close();
    }

    async function toldUses(): Promise<readonly unknown[]> {
      const events = (await auditOf(get().store)).filter(({ action }) => action === "credential.used");
      return events.map(({ requestId, version }) => [requestId, version]);
    }

    it("are told in the log: the first of each version, and then one an hour", async () => {
      const { store, advance } = get();
      const server = await createServer(store);
      const first = await upsert(store, server, someone("ada"));
      await use(first, "req_1");
      advance(60_000);
      await use(first, "req_2");
      advance(3_600_000 - 60_001);
      await use(first, "req_3");
      advance(1);
      await use(first, "req_4");
      const second = await upsert(store, server, someone("ada"));
      await use(second, "req_5");
      expect(await toldUses()).toEqual([
        ["req_1", 1],
        ["req_4", 1],
        ["req_5", 2],
      ]);
      expect((await auditOf(store)).find(({ action }) => action === "credential.used")).toMatchObject({
        actor: { kind: "identity", identity: someone("ada") },
        serverId: server.id,
        identity: someone("ada"),
        credentialId: first.id,
        outcome: "ok",
        address: "192.0.2.33",
      });
    });

    it("are not told behind what ended them: a replaced, rejected, orphaned or revoked value", async () => {
      const { store, another } = get();
      const server = await createServer(store, { allowAllIdentities: false });
      const people = ["ada", "bob", "eve", "dan"].map(someone);
      await grantTo(store, server, people);
      const rows = await Promise.all(people.map((one) => upsert(store, server, one)));
      const replica = await another();
      for (const row of rows) {
        await replica.touchCredential(useOf(row));
      }
      const [ada, bob, eve] = rows;
      await upsert(store, server, someone("ada"));
      await store.rejectCredential(present(bob).id, 1, "401", entry("credential.rejected"));
      await store.revokeCredential(present(eve).id, REVOKED);
      await grantTo(store, server, [someone("ada"), someone("bob"), someone("eve")]);
      await replica.close();
      expect(await toldUses()).toEqual([]);
      expect((await store.findCredential(present(ada).id))?.version).toBe(2);
    });

    it("stand in the log before what the same process does next", async () => {
      const { store } = get();
      const server = await createServer(store);
      const row = await upsert(store, server, someone("ada"));
      await store.touchCredential(useOf(row));
      const next = await upsert(store, server, someone("ada"));
      await store.touchCredential(useOf(next));
      const { flow, submission: values } = await verifying(store, server, someone("ada"));
      await store.commitSubmission(values);
      await store.touchCredential(useOf(present(await store.readCredential(flow))));
      await store.revokeCredential(row.id, REVOKED);
      const life = (await store.listAudit({ credentialId: row.id }, {})).items.map(({ action }) => action);
      expect(life.toReversed()).toEqual([
        "credential.stored",
        "credential.used",
        "credential.edited",
        "flow.requested",
        "credential.used",
        "credential.verified",
        "credential.edited",
        "credential.used",
        "credential.revoked",
      ]);
    });
  });

  describe("telling when and from where values were set", () => {
    it("is noted for the version that was told of, and for no later one", async () => {
      const { store, another } = get();
      const server = await createServer(store);
      const first = await verifying(store, server, someone("ada"));
      await store.commitSubmission(first.submission);
      const row = present(await store.readCredential(first.flow));
      const told = async (version: number) => {
        const replica = await another();
        await replica.noteTold(row.id, version);
        await replica.noteTold("cred_unknown", 1);
        await replica.close();
        return (await store.readCredential(first.flow))?.isTold;
      };
      expect(row.isTold).toBe(false);
      expect(await told(2)).toBe(false);
      expect(await told(1)).toBe(true);
      const second = await verifying(store, server, someone("ada"));
      await store.commitSubmission(second.submission);
      expect(await told(1)).toBe(false);
      expect(await told(2)).toBe(true);
    });
  });

  describe("a second verification", () => {
    it("is noted for an active row of that version only, with an event", async () => {
      const { store, advance, now } = get();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      advance(5_000);
      const verified = entry("credential.verified");
      expect(await store.noteVerification(id, 2, "accepted", verified)).toBe(false);
      expect(await store.noteVerification("cred_unknown", 1, "accepted", verified)).toBe(false);
      expect(await store.noteVerification(id, 1, "accepted", verified)).toBe(true);
      expect(await store.findCredential(id)).toMatchObject({ verification: "accepted", verifiedAt: now(), version: 1 });
      await store.rejectCredential(id, 1, "401", entry("credential.rejected"));
      expect(await store.noteVerification(id, 1, "proven", verified)).toBe(false);
      const events = (await auditOf(store)).filter(({ action }) => action === "credential.verified");
      expect(events).toMatchObject([{ credentialId: id, version: 1, detail: { verification: "accepted" } }]);
    });
  });

  describe("revoking", () => {
    it("takes several at once, each with an event and with what hangs on it, in one transaction", async () => {
      const { store, countStatements } = get();
      const server = await createServer(store);
      const people = Array.from({ length: 12 }, (_, i) => someone(`person-${i}`));
      const rows = await Promise.all(people.map((one) => upsert(store, server, one)));
      const [kept, ...gone] = rows;
      const flow = await flowOf(store, server, present(people[1]));
      const pending = await verifying(store, server, present(people[2]));
      const ids = gone.map(({ id }) => id);
      const few = await countStatements(() => store.revokeCredentials(ids.slice(0, 2), REVOKED));
      const many = await countStatements(async () => {
        const revoked = await store.revokeCredentials([...ids, "cred_unknown"], REVOKED);
        expect(revoked.map(({ id }) => id).toSorted()).toEqual(ids.slice(2).toSorted());
      });
      expect(many).toBe(few);
      expect((await store.listCredentials({}, {})).items.map(({ id }) => id)).toEqual([present(kept).id]);
      expect(await store.findFlow(flow.id)).toBeNull();
      expect((await store.commitSubmission(pending.submission)).kind).toBe("gone");
      const events = (await auditOf(store)).filter(({ action }) => action === "credential.revoked");
      expect(events.flatMap(({ credentialId }) => credentialId ?? []).toSorted()).toEqual(ids.toSorted());
      expect(await store.revokeCredentials([], REVOKED)).toEqual([]);
    });

    it("takes the credential, the flow and the tokens of the binding, and nothing of anybody else", async () => {
      const { store } = get();
      const server = await createServer(store);
      const [mine, theirs] = [await upsert(store, server, someone("ada")), await upsert(store, server, someone("bob"))];
      const [myFlow, theirFlow] = [
        await flowOf(store, server, someone("ada")),
        await flowOf(store, server, someone("bob")),
      ];
      await addToken(store, myFlow.id, "digest_mine");
      await addToken(store, theirFlow.id, "digest_theirs");

      const { sealed: _, isTold: _isTold, ...record } = mine;
      expect(await store.revokeCredential(mine.id, REVOKED)).toEqual(record);

      expect(await store.readCredential(mine)).toBeNull();
      expect(await store.findFlow(myFlow.id)).toBeNull();
      expect(await store.findTempToken("digest_mine")).toBeNull();
      expect(await store.readCredential(theirs)).toEqual(theirs);
      expect(await store.findTempToken("digest_theirs")).not.toBeNull();
      expect((await auditOf(store)).at(-1)).toMatchObject({
        ...REVOKED,
        serverId: server.id,
        identity: someone("ada"),
        credentialId: mine.id,
        version: 1,
      });
    });

    it("twice, or something unknown, is a success that changes nothing", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const { id } = await upsert(store, server, someone("ada"));
      const revoked = await Promise.all([store.revokeCredential(id, REVOKED), replica.revokeCredential(id, REVOKED)]);
      expect(revoked.filter((row) => row !== null)).toHaveLength(1);
      expect(await store.revokeCredential("cred_unknown", REVOKED)).toBeNull();
      expect((await actionsOf(store)).filter((action) => action === "credential.revoked")).toHaveLength(1);
    });

    it("A12: another identity's credential counts as absent", async () => {
      const { store } = get();
      const server = await createServer(store);
      const row = await upsert(store, server, someone("ada"));
      expect(await store.revokeCredential(row.id, REVOKED, someone("bob"))).toBeNull();
      expect(await store.revokeCredential(row.id, REVOKED, { mode: "virtual_key", id: "ada" })).toBeNull();
      expect(await store.readCredential(row)).toEqual(row);
      expect(await store.revokeCredential(row.id, REVOKED, someone("ada"))).not.toBeNull();
    });

    it("begins anew: the next value is version 1 of another id", async () => {
      const { store } = get();
      const server = await createServer(store);
      const first = await upsert(store, server, someone("ada"));
      await store.revokeCredential(first.id, REVOKED);
      const second = await upsert(store, server, someone("ada"));
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
        ids.push((await upsert(store, server, someone(`user-${i}`))).id);
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
        await upsert(store, server, someone(`user-${i}`));
      }
      const first = await store.listCredentials({}, { limit: 3 });
      advance(1);
      await upsert(store, server, someone("late"));
      await store.revokeCredential(present(first.items[2]).id, REVOKED);
      const second = await store.listCredentials({}, { limit: 3, cursor: first.nextCursor });
      expect(second.items.map(({ identity }) => identity.id)).toEqual(["user-2", "user-1", "user-0"]);
    });

    it("names server and user, who is found by name and address", async () => {
      const { store } = get();
      const server = await createServer(store, { name: "weather" });
      const user = await createUser(store, { name: "Ada Lovelace", email: "countess@example.test" });
      const other = await createUser(store);
      const { id } = await upsert(store, server, identityOfUser(user));
      await upsert(store, server, identityOfUser(other));
      expect(await store.findCredential(id)).toMatchObject({ serverName: "weather", identityName: "Ada Lovelace" });
      for (const q of ["lovelace", "COUNTESS@", user.id]) {
        expect((await store.listCredentials({ q }, {})).items.map((row) => row.id)).toEqual([id]);
      }
      expect((await store.listCredentials({ q: "weather" }, {})).items).toHaveLength(2);
      // The key of the same id has no name of a person.
      const twin = await upsert(store, server, { mode: "virtual_key", id: user.id });
      expect(await store.findCredential(twin.id)).toMatchObject({ identityName: null });
    });

    it("is counted by server and by the state that is shown", async () => {
      const { store } = get();
      expect(await store.countCredentials()).toEqual([]);
      const weather = await createServer(store, { name: "weather", allowAllIdentities: true });
      const mail = await createServer(store, { name: "mail", allowAllIdentities: true });
      const [ada, bob] = [await upsert(store, weather, someone("ada")), await upsert(store, weather, someone("bob"))];
      await upsert(store, mail, someone("ada"));
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
      const twin = await upsert(store, server, someone(key.id));
      expect(await store.findCredential(twin.id)).toMatchObject({ identityName: null });
      expect((await store.listCredentials({ q: "robot" }, {})).items.map((row) => row.id)).toEqual([id]);
    });

    it("filters by server, identity, mode, shown state and text", async () => {
      const { store } = get();
      const weather = await createServer(store, { name: "weather", allowAllIdentities: false });
      const mail = await createServer(store, { name: "mail_100" });
      const key = await createKey(store, { name: "CI 100% Robot" });
      await grantTo(store, weather, [someone("ada"), identityOfKey(key)]);
      const rows = {
        adaWeather: await upsert(store, weather, someone("ada")),
        adaMail: await upsert(store, mail, someone("ada"), { status: "needs_update" }),
        keyMail: await upsert(store, mail, identityOfKey(key)),
        bobWeather: await upsert(store, weather, someone("bob_1")),
      };
      await grantTo(store, weather, [someone("ada")]);
      await store.rejectCredential(rows.keyMail.id, 1, "401", entry("credential.rejected"));
      const found = async (filter: CredentialFilter) => {
        const ids = (await store.listCredentials(filter, {})).items.map(({ id }) => id);
        return Object.entries(rows).flatMap(([name, { id }]) => (ids.includes(id) ? [name] : []));
      };
      expect(await found({ serverId: weather.id })).toEqual(["adaWeather", "bobWeather"]);
      expect(await found({ identity: someone("ada") })).toEqual(["adaWeather", "adaMail"]);
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
      const row = await upsert(store, server, someone("ada"));
      expect(row.sealed).toEqual(sealSlot({ credentialId: row.id, version: 1 }));
      expect(await store.findCredential(row.id)).not.toHaveProperty("sealed");
    });
  });
}
