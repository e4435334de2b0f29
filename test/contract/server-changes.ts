import { describe, expect, it } from "vitest";
import { type CredentialEvent, type CredentialStatus, nextStatus } from "../../src/core/credential.ts";
import { type HeaderSchema, isSatisfiedBy } from "../../src/core/header-schema.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { Server } from "../../src/core/server.ts";
import type { ServerChange } from "../../src/core/server-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import {
  addToken,
  auditOf,
  createServer,
  entry,
  flowOf,
  type GetHarness,
  grantTo,
  initiate,
  ORIGIN,
  OTHER_ORIGIN,
  present,
  schemaOf,
  upsert,
  someone,
} from "./fixtures.ts";

const STATUSES: readonly CredentialStatus[] = ["active", "needs_update", "rejected"];
const FIELD_SETS = [["a"], ["b"], ["a", "b"]] as const;

const OPTIONAL_C = { name: "c", isRequired: false };
const SCHEMAS: readonly (readonly [string, HeaderSchema])[] = [
  ["requires less", schemaOf("a", { name: "b", isRequired: false })],
  ["requires the other", schemaOf("b")],
  ["requires nothing", schemaOf({ name: "a", isRequired: false })],
  ["requires more", schemaOf("a", "b", "c")],
  ["has a new optional field", schemaOf("a", "b", OPTIONAL_C)],
  ["only looks different", schemaOf({ name: "b", label: "B key" }, { name: "a", help: "Ask." })],
  ["has a format that came to be with it", [...schemaOf({ name: "a", isRequired: false }), ...dated(2, "b")]],
  ["has a format that every value was judged by", [...schemaOf("a"), ...dated(1, "b")]],
];

/** A field with a format that the schema has had since that revision. */
function dated(formatSince: number, name: string): HeaderSchema {
  return schemaOf({ name, isRequired: false, pattern: "sk-.+" }).map((field) => ({ ...field, formatSince }));
}

interface Case {
  readonly identity: Identity;
  readonly status: CredentialStatus;
  readonly fieldNames: readonly string[];
  readonly isOrphaned: boolean;
}

function change(store: Store, server: Server, change: ServerChange) {
  return store.updateServer(server.id, server.version, change, entry("server.updated"));
}

/** A server with a credential in each state, with each set of fields, with access and without. */
async function populate(store: Store): Promise<{ readonly server: Server; readonly cases: readonly Case[] }> {
  const server = await createServer(store, { headerSchema: schemaOf("a", "b"), allowAllIdentities: false });
  const cases = STATUSES.flatMap((status) =>
    FIELD_SETS.flatMap((fieldNames) =>
      [false, true].map((isOrphaned) => ({
        identity: someone(`${status}-${fieldNames.join("")}-${isOrphaned ? "orphaned" : "present"}`),
        status,
        fieldNames,
        isOrphaned,
      })),
    ),
  );
  await grantTo(
    store,
    server,
    cases.map(({ identity }) => identity),
  );
  for (const { identity, status, fieldNames } of cases) {
    const status_ = status === "rejected" ? "active" : status;
    const { id, version } = await upsert(store, server, identity, { status: status_, fieldNames });
    if (status === "rejected") {
      await store.rejectCredential(id, version, "401", entry("credential.rejected"));
    }
  }
  const granted = cases.filter(({ isOrphaned }) => !isOrphaned);
  expect(
    await grantTo(
      store,
      server,
      granted.map(({ identity }) => identity),
    ),
  ).toMatchObject({ orphaned: 9 });
  return { server, cases };
}

/** Runs a change, and compares every row with what the state table of `core/credential.ts` says. */
async function expectStateTable(store: Store, serverChange: ServerChange, eventFor: (c: Case) => CredentialEvent) {
  const { server, cases } = await populate(store);
  const { reconciliation } = await change(store, server, serverChange);
  let needsUpdate = 0;
  let people = 0;
  for (const c of cases) {
    const row = present(await store.readCredential({ serverId: server.id, identity: c.identity }));
    const expected = nextStatus(c.status, eventFor(c));
    expect([c.identity.id, row.status, row.orphanedAt !== null]).toEqual([c.identity.id, expected, c.isOrphaned]);
    expect(row.version).toBe(1);
    needsUpdate += Number(expected === "needs_update" && c.status !== "needs_update");
    people += Number(expected !== c.status);
  }
  expect(reconciliation).toEqual({ orphaned: 0, reactivated: 0, needsUpdate, people });
  expect((await auditOf(store)).at(-1)?.detail).toMatchObject({ needsUpdate });
}

export function describeServerChanges(get: GetHarness): void {
  describe("a change of a server", () => {
    it.each(SCHEMAS)("moves every credential by the state table when the schema %s", async (_, headerSchema) => {
      await expectStateTable(get().store, { headerSchema }, ({ fieldNames }) => ({
        type: "schema_changed",
        isSatisfied: isSatisfiedBy(headerSchema, { fieldNames, schemaRevision: 1 }),
      }));
    });

    it("moves every credential by the state table when the origin changes", async () => {
      await expectStateTable(get().store, { origin: OTHER_ORIGIN }, () => ({ type: "origin_changed" }));
    });

    it("adds 1 to the schema revision when the schema differs, and only then", async () => {
      const { store } = get();
      const server = await createServer(store, { headerSchema: schemaOf("a") });
      const same = (await change(store, server, { headerSchema: schemaOf("a"), name: "renamed" })).server;
      expect(same).toMatchObject({ schemaRevision: 1, version: 2 });
      const relabelled = schemaOf({ name: "a", label: "Another" });
      const other = (await change(store, same, { headerSchema: relabelled })).server;
      expect(other).toMatchObject({ schemaRevision: 2, version: 3, headerSchema: relabelled });
    });

    it("A09: does not wake a credential of another origin by a later schema edit", async () => {
      const { store } = get();
      const server = await createServer(store, { headerSchema: schemaOf("a") });
      await upsert(store, server, someone("ada"));
      const moved = (await change(store, server, { origin: OTHER_ORIGIN })).server;
      await change(store, moved, { headerSchema: schemaOf({ name: "a", help: "New help." }) });
      const row = present(await store.readCredential({ serverId: server.id, identity: someone("ada") }));
      expect(row).toMatchObject({ status: "needs_update", origin: ORIGIN });
    });

    it("does not wake, by a later edit, a value that is older than its format; but when the format is given up it does", async () => {
      const { store } = get();
      let server = await createServer(store, { headerSchema: schemaOf("b") });
      const ada = { serverId: server.id, identity: someone("ada") };
      await upsert(store, server, ada.identity);
      const statusAfter = async (headerSchema: HeaderSchema) => {
        server = (await change(store, server, { headerSchema })).server;
        return (await store.readCredential(ada))?.status;
      };
      expect(await statusAfter(dated(2, "b"))).toBe("needs_update");
      expect(await statusAfter([...dated(2, "b"), ...schemaOf(OPTIONAL_C)])).toBe("needs_update");
      const { version, schemaRevision } = await upsert(store, server, someone("bob"));
      expect([version, schemaRevision]).toEqual([1, 3]);
      expect(await statusAfter(schemaOf("b"))).toBe("active");
      expect(await statusAfter(dated(2, "b"))).toBe("needs_update");
      expect((await store.readCredential({ serverId: server.id, identity: someone("bob") }))?.status).toBe("active");
    });

    it("keeps every part of a field", async () => {
      const { store } = get();
      const headerSchema = [
        ...schemaOf(
          {
            name: "X-A",
            label: "A",
            help: "Ask.",
            helpUrl: "https://a.example/",
            pattern: "a+",
            patternHint: "Only a.",
          },
          { name: "X-B", choices: ["eu", "us"], template: "region={value}", isRequired: false },
          { name: "X-C", isSecret: false },
        ),
        ...dated(7, "x-d"),
      ];
      const server = await createServer(store, { headerSchema });
      expect((await store.findServer(server.id))?.headerSchema).toEqual(headerSchema);
    });

    it("leaves needs_update when origin and schema change at once, whatever the schema", async () => {
      const { store } = get();
      const server = await createServer(store, { headerSchema: schemaOf("a", "b") });
      await upsert(store, server, someone("ada"));
      const both = { origin: OTHER_ORIGIN, headerSchema: schemaOf("a") };
      expect((await change(store, server, both)).reconciliation.needsUpdate).toBe(1);
      expect((await store.readCredential({ serverId: server.id, identity: someone("ada") }))?.status).toBe(
        "needs_update",
      );
    });

    it.each<readonly [string, ServerChange, boolean]>([
      ["schema", { headerSchema: schemaOf("other") }, true],
      ["schema, of which one field is required more", { headerSchema: schemaOf("x-api-key", "b") }, true],
      ["schema's words", { headerSchema: schemaOf({ name: "X-API-Key", label: "Key" }) }, false],
      ["schema, by an optional field", { headerSchema: schemaOf("X-API-Key", OPTIONAL_C) }, false],
      ["origin", { origin: OTHER_ORIGIN }, true],
      ["name", { name: "renamed" }, false],
      ["tool list", { tools: ["search"] }, false],
    ])("of its %s: flows and links that would lead astray end", async (_, serverChange, ends) => {
      const { store } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      await addToken(store, flow.id, "digest_1");
      await change(store, server, serverChange);
      expect((await store.findFlow(flow.id)) === null).toBe(ends);
      expect((await store.findTempToken("digest_1")) === null).toBe(ends);
      const next = await flowOf(store, server, someone("ada"));
      expect(next.id !== flow.id).toBe(ends);
      const now = present(await store.findServer(server.id));
      expect(next).toMatchObject({ schemaRevision: ends ? now.schemaRevision : 1, origin: now.origin });
    });

    it("orphans on disabling and reactivates on enabling, whatever state lies beneath", async () => {
      const { store, advance, now } = get();
      const server = await createServer(store);
      const flow = await flowOf(store, server, someone("ada"));
      await upsert(store, server, someone("ada"));
      await upsert(store, server, someone("bob"), { status: "needs_update" });
      advance(7);
      const disabled = await change(store, server, { status: "disabled" });
      expect(disabled.reconciliation).toEqual({ orphaned: 2, reactivated: 0, needsUpdate: 0, people: 2 });
      expect(await store.findFlow(flow.id)).toBeNull();
      const binding = { serverId: server.id, identity: someone("bob") };
      expect(await store.readCredential(binding)).toMatchObject({ status: "needs_update", orphanedAt: now() });
      expect(await initiate(store, binding)).toBeNull();

      const enabled = await change(store, disabled.server, { status: "ready" });
      expect(enabled.reconciliation).toEqual({ orphaned: 0, reactivated: 2, needsUpdate: 0, people: 2 });
      expect(await store.readCredential(binding)).toMatchObject({ status: "needs_update", orphanedAt: null });
      expect((await auditOf(store)).slice(-2).map(({ detail }) => detail)).toEqual([
        { orphaned: 2, reactivated: 0, needsUpdate: 0, subjects: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { orphaned: 0, reactivated: 2, needsUpdate: 0, subjects: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ]);
    });

    it("orphans those without a grant when it no longer allows all identities", async () => {
      const { store } = get();
      const server = await createServer(store);
      await upsert(store, server, someone("granted"));
      await upsert(store, server, someone("other"));
      await grantTo(store, server, [someone("granted")]);
      const { reconciliation } = await change(store, server, { allowAllIdentities: false });
      expect(reconciliation).toEqual({ orphaned: 1, reactivated: 0, needsUpdate: 0, people: 1 });
      expect(
        (await store.readCredential({ serverId: server.id, identity: someone("granted") }))?.orphanedAt,
      ).toBeNull();
    });

    it("does with one statement what it does to any number of rows", async () => {
      const { store, countStatements } = get();
      const costs: number[][] = [];
      for (const rows of [10, 1000]) {
        const server = await createServer(store, { headerSchema: schemaOf("a") });
        const identities = Array.from({ length: rows }, (_, i) => someone(`user-${i}`));
        for (const identity of identities) {
          await upsert(store, server, identity);
        }
        let version = 1;
        const cost: number[] = [];
        for (const serverChange of [
          { headerSchema: schemaOf("a", "b") },
          { headerSchema: dated(3, "a") },
          { headerSchema: schemaOf("a") },
          { status: "disabled" },
          { status: "ready" },
          { allowAllIdentities: false, origin: OTHER_ORIGIN },
        ] as const) {
          const update = () => store.updateServer(server.id, version, serverChange, entry("server.updated"));
          cost.push(await countStatements(update));
          version += 1;
        }
        cost.push(await countStatements(() => grantTo(store, server, identities)));
        cost.push(await countStatements(() => grantTo(store, server, [])));
        costs.push(cost);
      }
      expect(costs[1]).toEqual(costs[0]);
      // A thousand rows, one transaction each, to begin with: seconds on a server that is asked over a socket.
    }, 120_000);
  });
}
