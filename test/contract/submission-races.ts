import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import type { Server } from "../../src/core/server.ts";
import type { CommitOutcome } from "../../src/core/flow-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  actionsOf,
  claim,
  createKey,
  createServer,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  identityOfKey,
  OTHER_ORIGIN,
  present,
  schemaOf,
  upsert,
  someone,
  verifying,
} from "./fixtures.ts";

interface Setting {
  readonly store: Store;
  readonly server: Server;
  readonly identity: Identity;
}

async function update(store: Store, server: Server, change: Parameters<Store["updateServer"]>[2]): Promise<Server> {
  const { version } = present(await store.findServer(server.id));
  return (await store.updateServer(server.id, version, change, entry("server.updated"))).server;
}

async function revoke(store: Store, server: Server, identity: Identity): Promise<void> {
  const row = present(await store.readCredential({ serverId: server.id, identity }));
  await store.revokeCredential(row.id, entry("credential.revoked"));
}

/** What may happen on another replica while values are being verified, and what the commit must answer. */
const MEANWHILE: readonly (readonly [string, CommitOutcome["kind"], (setting: Setting) => Promise<unknown>])[] = [
  ["A52: the credential is revoked", "gone", ({ store, server, identity }) => revoke(store, server, identity)],
  [
    "A52: the credential is revoked and another is stored",
    "gone",
    async ({ store, server, identity }) => {
      await revoke(store, server, identity);
      await upsert(store, server, identity);
    },
  ],
  [
    "A54: the schema is edited",
    "schema_changed",
    ({ store, server }) => update(store, server, { headerSchema: schemaOf("x-api-key", "x-tenant") }),
  ],
  [
    "A54: the schema is edited and edited back",
    "schema_changed",
    async ({ store, server }) => {
      await update(store, server, { headerSchema: schemaOf("other") });
      await update(store, server, { headerSchema: server.headerSchema });
    },
  ],
  [
    "A54: words of the schema are edited",
    "committed",
    ({ store, server }) => update(store, server, { headerSchema: schemaOf({ name: "X-API-Key", label: "Key" }) }),
  ],
  [
    "A54: the schema takes an optional field more, and another",
    "committed",
    async ({ store, server }) => {
      const [b, c] = ["b", "c"].map((name) => ({ name, isRequired: false }));
      await update(store, server, { headerSchema: schemaOf("X-API-Key", present(b)) });
      await update(store, server, { headerSchema: schemaOf("X-API-Key", present(b), present(c)) });
    },
  ],
  [
    "A09: the origin is edited",
    "schema_changed",
    ({ store, server }) => update(store, server, { origin: OTHER_ORIGIN }),
  ],
  [
    "A09: the origin is edited and edited back",
    "schema_changed",
    async ({ store, server }) => {
      await update(store, server, { origin: OTHER_ORIGIN });
      await update(store, server, { origin: server.origin });
    },
  ],
  ["A53: access is lost", "gone", ({ store, server }) => grantTo(store, server, [])],
  [
    "A53: access is lost and regained",
    "gone",
    async ({ store, server, identity }) => {
      await grantTo(store, server, []);
      await grantTo(store, server, [identity]);
    },
  ],
  ["the server is disabled", "gone", ({ store, server }) => update(store, server, { status: "disabled" })],
  [
    "the server is disabled and enabled",
    "gone",
    async ({ store, server }) => {
      await update(store, server, { status: "disabled" });
      await update(store, server, { status: "ready" });
    },
  ],
  ["A59: the server is deleted", "gone", ({ store, server }) => store.deleteServer(server.id, entry("server.deleted"))],
  [
    "the virtual key is disabled",
    "gone",
    ({ store, identity }) => store.updateVirtualKey(identity.id, { isEnabled: false }, entry("virtual_key.updated")),
  ],
  [
    "the virtual key is revoked",
    "gone",
    ({ store, identity }) => store.revokeVirtualKey(identity.id, entry("virtual_key.revoked")),
  ],
  ["the server is renamed", "committed", ({ store, server }) => update(store, server, { name: "renamed" })],
  ["another link is asked for", "committed", ({ store, server, identity }) => flowOf(store, server, identity)],
  ["another identity loses access", "committed", ({ store, server, identity }) => grantTo(store, server, [identity])],
];

export function describeSubmissionRaces(get: GetHarness): void {
  describe("while values are being verified", () => {
    it.each(MEANWHILE)("%s: the commit is %s", async (_, expected, meanwhile) => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store, { allowAllIdentities: false });
      const identity = identityOfKey(await createKey(store));
      await grantTo(store, server, [identity, someone("other")]);
      await upsert(store, server, identity);
      const { flow, submission: values } = await verifying(store, server, identity);

      await meanwhile({ store: replica, server, identity });
      const before = await store.readCredential(flow);
      const events = await actionsOf(store);
      const outcome = await store.commitSubmission(values);

      expect(outcome.kind).toBe(expected);
      expect(await store.findCompletedFlow(flow.id)).toEqual(
        expected === "committed"
          ? // Sealed under the revision that the form was of.
            expect.objectContaining({ version: 2, schemaRevision: flow.schemaRevision, status: "active" })
          : null,
      );
      if (expected !== "committed") {
        expect(await store.readCredential(flow)).toEqual(before);
        expect(await actionsOf(store)).toEqual(events);
        expect((await claim(store, flow.id)).kind).toBe("gone");
        expect((await store.commitSubmission(values)).kind).toBe("gone");
      }
    });

    it.each(["schema", "origin"])(
      "A54: an edit of the %s closes the link at once, and a new one opens",
      async (what) => {
        const { store } = get();
        const server = await createServer(store);
        const { flow, submission: values } = await verifying(store, server, someone("ada"));
        await update(store, server, what === "schema" ? { headerSchema: schemaOf("new") } : { origin: OTHER_ORIGIN });
        expect(await store.findFlow(flow.id)).toBeNull();
        const next = await flowOf(store, server, someone("ada"));
        expect(next.id).not.toBe(flow.id);
        expect((await store.commitSubmission(values)).kind).toBe("gone");
        expect((await claim(store, next.id)).kind).toBe("claimed");
      },
    );

    it("A52: of a revoke and a commit at the same moment the revoke is never undone", async () => {
      const { store, another } = get();
      const replica = await another();
      const server = await createServer(store);
      for (let round = 0; round < 20; round += 1) {
        const { id } = await upsert(store, server, someone("ada"));
        const { flow, submission: values } = await verifying(store, server, someone("ada"));
        const [outcome, revoked] = await Promise.all(
          round % 2 === 0
            ? [store.commitSubmission(values), replica.revokeCredential(id, entry("credential.revoked"))]
            : [replica.commitSubmission(values), store.revokeCredential(id, entry("credential.revoked"))],
        );
        // Whichever came first, the row that was revoked is gone, and nothing was stored after it.
        expect(revoked?.version).toBe(outcome.kind === "committed" ? 2 : 1);
        expect(await store.readCredential(flow)).toBeNull();
      }
    });
  });
}
