import { describe, expect, it } from "vitest";
import {
  actionsOf,
  addToken,
  allOf,
  auditOf,
  claim,
  codeOf,
  createServer,
  DISCOVERED,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  schemaOf,
  serverWith,
  upsert,
  someone,
} from "./fixtures.ts";

export function describeServers(get: GetHarness): void {
  describe("servers", () => {
    it("keep every field, also over a restart", async () => {
      const { store, reopen, now } = get();
      const given = serverWith({
        headerSchema: schemaOf(
          { name: "X-API-Key", label: "Key", help: "From the settings.", helpUrl: "https://api.example/keys" },
          { name: "X-Tenant", isSecret: false, isRequired: false },
        ),
        staticHeaderNames: ["x-client"],
        staticHeaders: { keyId: "dk_1", envelope: new Uint8Array([0, 1, 255]) },
        allowAllIdentities: false,
        linkPolicy: "key_proof",
        verification: { probeTool: { name: "whoami", arguments: { deep: [1, null] } }, hasNegativeControl: false },
        tools: ["search"],
        discovered: DISCOVERED,
      });
      const created = await store.createServer(given, entry("server.created"));
      expect(created).toEqual({ ...given, schemaRevision: 1, version: 1, createdAt: now(), updatedAt: now() });
      const reopened = await reopen();
      expect(await reopened.findServer(given.id)).toEqual(created);
      expect(await reopened.findServerByName(given.name)).toEqual(created);
    });

    it("are null when unknown", async () => {
      const { store } = get();
      expect(await store.findServer("srv_unknown")).toBeNull();
      expect(await store.findServerByName("unknown")).toBeNull();
    });

    it("of one name: of two racers on two replicas one wins, the other hears name_taken", async () => {
      const { store, another } = get();
      const replica = await another();
      const codes = await Promise.all([
        codeOf(createServer(store, { name: "same" })),
        codeOf(createServer(replica, { name: "same" })),
      ]);
      expect(codes.toSorted()).toEqual(["name_taken", "resolved"]);
      expect(await actionsOf(store)).toEqual(["server.created"]);
    });

    it("are listed by name, page by page", async () => {
      const { store } = get();
      for (const name of ["delta", "alpha", "echo", "charlie", "bravo"]) {
        await createServer(store, { name });
      }
      const first = await store.listServers({ limit: 2 });
      expect(first.items.map((server) => server.name)).toEqual(["alpha", "bravo"]);
      const all = await allOf((page) => store.listServers(page), 2);
      expect(all.map((server) => server.name)).toEqual(["alpha", "bravo", "charlie", "delta", "echo"]);
      expect((await store.listServers({ limit: 5 })).nextCursor).toBeNull();
    });

    it.each([0, 501, 1.5, -1, Number.NaN])("refuse a page of %s", async (limit) => {
      expect(await codeOf(get().store.listServers({ limit }))).toBe("invalid_request");
    });

    it.each(["", "x", "bm90IGpzb24", "e30", "W10", "WzFd", "WyJhIiwiYiJd"])(
      "refuse the cursor %j, which they have not given out",
      async (cursor) => {
        expect(await codeOf(get().store.listServers({ cursor }))).toBe("invalid_request");
      },
    );

    it("are changed only by who knows their version: of two racers one wins, the other hears stale_update", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      const codes = await Promise.all(
        [store, replica].map((handle) =>
          codeOf(handle.updateServer(server.id, 1, { tools: ["search"] }, entry("server.updated"))),
        ),
      );
      expect(codes.toSorted()).toEqual(["resolved", "stale_update"]);
      expect((await store.findServer(server.id))?.version).toBe(2);
      expect(await actionsOf(store)).toEqual(["server.created", "server.updated"]);
    });

    it("reads what was discovered before prompts and resources were as empty lists of them", async () => {
      const { store } = get();
      const { prompts: _p, resources: _r, resourceTemplates: _t, capabilities: _c, ...before } = DISCOVERED;
      const { id } = await createServer(store, { discovered: before as typeof DISCOVERED });
      const none = { prompts: [], resources: [], resourceTemplates: [], capabilities: {} };
      expect((await store.findServer(id))?.discovered).toEqual({ ...before, ...none });
    });

    it("change only what a change names", async () => {
      const { store, advance, now } = get();
      const server = await createServer(store, { tools: ["search"], discovered: DISCOVERED });
      advance(5);
      const { server: renamed } = await store.updateServer(server.id, 1, { name: "renamed" }, entry("server.updated"));
      expect(renamed).toEqual({ ...server, name: "renamed", version: 2, updatedAt: now() });
      const cleared = { tools: null, discovered: null, staticHeaders: null } as const;
      expect((await store.updateServer(server.id, 2, cleared, entry("server.updated"))).server).toMatchObject(cleared);
    });

    it("keep their name when the new one is taken, and everything else as well", async () => {
      const { store } = get();
      await createServer(store, { name: "taken" });
      const server = await createServer(store);
      const change = { name: "taken", allowAllIdentities: false };
      expect(await codeOf(store.updateServer(server.id, 1, change, entry("server.updated")))).toBe("name_taken");
      expect(await store.findServer(server.id)).toEqual(server);
      expect(await actionsOf(store)).not.toContain("server.updated");
    });

    it("cannot be changed or deleted when unknown", async () => {
      const { store } = get();
      expect(await codeOf(store.updateServer("srv_unknown", 1, {}, entry("server.updated")))).toBe("server_not_found");
      expect(await store.deleteServer("srv_unknown", entry("server.deleted"))).toBeNull();
      expect(await actionsOf(store)).toEqual([]);
    });

    it("take grants, credentials, flows and tokens with them when deleted, and nothing of another server", async () => {
      const { store } = get();
      const [doomed, other] = [await createServer(store), await createServer(store)];
      const credentials: string[] = [];
      for (const server of [doomed, other]) {
        await grantTo(store, server, [someone("ada")]);
        credentials.push((await upsert(store, server, someone("ada"))).id);
      }
      const [doomedFlow, otherFlow] = [
        await flowOf(store, doomed, someone("ada")),
        await flowOf(store, other, someone("ada")),
      ];
      await addToken(store, doomedFlow.id, "digest_doomed");
      await addToken(store, otherFlow.id, "digest_other");

      expect(await store.deleteServer(doomed.id, entry("server.deleted"))).toMatchObject({ people: 1 });

      expect((await auditOf(store)).at(-1)).toMatchObject({ action: "server.deleted", serverId: doomed.id });
      expect(await store.findServer(doomed.id)).toBeNull();
      expect(await store.listGrants(doomed.id)).toEqual([]);
      expect(await store.findFlow(doomedFlow.id)).toBeNull();
      expect(await store.findTempToken("digest_doomed")).toBeNull();
      expect((await claim(store, doomedFlow.id)).kind).toBe("gone");
      const left = await allOf((page) => store.listCredentials({}, page));
      expect(left.map((credential) => credential.id)).toEqual([credentials[1]]);
      expect(await store.listGrants(other.id)).toHaveLength(1);
      expect(await store.findTempToken("digest_other")).not.toBeNull();
    });
  });
}
