import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import { datedFormats } from "../../src/core/schema-change.ts";
import { type HeaderFieldInput, parseHeaderSchema } from "../../src/core/header-schema.ts";
import type { Server } from "../../src/core/server.ts";
import type { ServerChange } from "../../src/core/server-port.ts";
import {
  claim,
  createServer,
  entry,
  grantTo,
  type Harness,
  newId,
  initiate,
  ORIGIN,
  OTHER_ORIGIN,
  present,
  release,
  schemaOf,
  someone,
  submission,
  TTL_MS,
  upsert,
} from "../contract/fixtures.ts";
import { SEEDS } from "../helpers/seeds.ts";
import { CredentialModel } from "./credential-model.ts";
import { ENGINES } from "./engines.ts";

/*
 * The states of a credential and its link: random sequences of everything that can happen to them, on the real store and
 * on a model in memory. After each command both answer the same and hold the same.
 */

const PEOPLE = ["ada", "bob"] as const;
const DAY_MS = 86_400_000;
const RUNS = 25;

type Command =
  | { readonly do: "initiate"; readonly who: string; readonly ttlMs: number }
  | { readonly do: "claim" | "commit" | "store" | "revoke"; readonly who: string }
  | { readonly do: "release"; readonly who: string; readonly outcome: "refused" | "unknown" }
  | { readonly do: "reject"; readonly who: string; readonly back: number }
  | { readonly do: "grant"; readonly whom: readonly string[] }
  | { readonly do: "ready"; readonly isReady: boolean }
  | { readonly do: "schema"; readonly fields: readonly HeaderFieldInput[] }
  | { readonly do: "origin"; readonly isOther: boolean }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "sweep" };

const who = fc.constantFrom(...PEOPLE);
const fieldsOf = fc
  .record({
    tenant: fc.constantFrom("absent", "optional", "required"),
    pattern: fc.constantFrom(undefined, undefined, "sk-.*", "[a-z]+"),
    label: fc.constantFrom("Key", "Token"),
  })
  .map(({ tenant, pattern, label }): readonly HeaderFieldInput[] => [
    { name: "X-API-Key", label, ...(pattern === undefined ? {} : { pattern, patternHint: "a hint" }) },
    ...(tenant === "absent" ? [] : [{ name: "X-Tenant", isRequired: tenant === "required" }]),
  ]);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("initiate" as const), who, ttlMs: fc.constantFrom(TTL_MS, 20_000) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("claim" as const, "commit" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("store" as const, "revoke" as const), who }) },
  fc.record({
    do: fc.constant("release" as const),
    who,
    outcome: fc.constantFrom("refused" as const, "unknown" as const),
  }),
  fc.record({ do: fc.constant("reject" as const), who, back: fc.constantFrom(0, 0, 1) }),
  fc.record({ do: fc.constant("grant" as const), whom: fc.subarray([...PEOPLE]) }),
  fc.record({ do: fc.constant("ready" as const), isReady: fc.boolean() }),
  fc.record({ do: fc.constant("schema" as const), fields: fieldsOf }),
  fc.record({ do: fc.constant("origin" as const), isOther: fc.boolean() }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 10_000, 30_000, TTL_MS, DAY_MS + 1) }),
  fc.record({ do: fc.constant("sweep" as const) }),
);

/** The same commands on both. */
class Pair {
  readonly model: CredentialModel;
  readonly #harness: Harness;
  readonly #identities: ReadonlyMap<string, Identity>;
  readonly #claims = new Map<string, string>();
  readonly #flows = new Map<string, string>();
  #server: Server;

  private constructor(harness: Harness, server: Server) {
    this.#harness = harness;
    this.#server = server;
    this.#identities = new Map(PEOPLE.map((name) => [name, someone(newId(name))]));
    this.model = new CredentialModel(harness.now(), server.headerSchema, server.origin);
  }

  static async make(harness: Harness): Promise<Pair> {
    const schema = schemaOf("X-API-Key");
    const pair = new Pair(
      harness,
      await createServer(harness.store, { allowAllIdentities: false, headerSchema: schema }),
    );
    await pair.run({ do: "grant", whom: PEOPLE });
    return pair;
  }

  /** @returns what the store and what the model answered */
  async run(what: Command): Promise<readonly [unknown, unknown]> {
    const { store } = this.#harness;
    const { model } = this;
    switch (what.do) {
      case "initiate":
        return this.#initiate(what.who, what.ttlMs);
      case "claim": {
        const claimId = newId("claim");
        const { kind } = await claim(store, this.#flowOf(what.who), claimId);
        if (kind === "claimed") this.#claims.set(what.who, claimId);
        return [kind, model.claim(what.who, claimId)];
      }
      case "commit": {
        const fieldNames = this.#declared();
        const values = submission(this.#flowOf(what.who), this.#claimOf(what.who), { fieldNames });
        return [
          (await store.commitSubmission(values)).kind,
          model.commit(what.who, this.#claimOf(what.who), fieldNames),
        ];
      }
      case "release":
        return [
          await release(store, this.#flowOf(what.who), this.#claimOf(what.who), what.outcome),
          model.release(what.who, this.#claimOf(what.who), what.outcome),
        ];
      case "store": {
        const fieldNames = this.#declared();
        const row = await upsert(store, this.#server, this.#identity(what.who), { fieldNames });
        return [row.version, model.store(what.who, fieldNames)];
      }
      case "revoke": {
        const row = await this.#read(what.who);
        const revoked = row === null ? null : await store.revokeCredential(row.id, entry("credential.revoked"));
        return [revoked?.version ?? null, model.revoke(what.who)];
      }
      case "reject": {
        const row = await this.#read(what.who);
        const version = (row?.version ?? 1) - what.back;
        const audit = entry("credential.rejected");
        return [
          await store.rejectCredential(row?.id ?? "none", version, "tools", audit),
          model.reject(what.who, version),
        ];
      }
      case "wait":
        this.#harness.advance(what.ms);
        model.now = this.#harness.now();
        return [null, null];
      case "sweep":
        return this.#sweep();
      case "grant":
        await grantTo(
          store,
          this.#server,
          what.whom.map((name) => this.#identity(name)),
        );
        return [null, model.grant(what.whom) ?? null];
      case "ready":
        await this.#edit({ status: what.isReady ? "ready" : "disabled" });
        return [null, model.setReady(what.isReady) ?? null];
      case "schema":
        return this.#editSchema(what.fields);
      case "origin": {
        const origin = what.isOther ? OTHER_ORIGIN : ORIGIN;
        await this.#edit({ origin });
        model.editOrigin(origin);
        return [this.#server.schemaRevision, model.schemaRevision];
      }
    }
  }

  /** What the store holds of somebody, in the model's terms. */
  async held(name: string) {
    const row = await this.#read(name);
    const flow = await this.#harness.store.findFlow(this.#flowOf(name));
    return {
      row: row && {
        version: row.version,
        status: row.status,
        orphanedAt: row.orphanedAt,
        fieldNames: row.fieldNames,
        schemaRevision: row.schemaRevision,
        origin: row.origin,
      },
      flow: flow && { id: flow.id, expiresAt: flow.expiresAt, attempts: flow.attempts },
    };
  }

  expected(name: string) {
    const flow = this.model.liveFlow(name);
    return {
      row: this.model.row(name),
      flow: flow && { id: flow.id, expiresAt: flow.expiresAt, attempts: flow.attempts },
    };
  }

  async #initiate(name: string, ttlMs: number): Promise<readonly [unknown, unknown]> {
    const binding = { serverId: this.#server.id, identity: this.#identity(name) };
    const flow = await initiate(this.#harness.store, binding, ttlMs);
    // A new id is the store's caller's to choose; the model takes the one that was chosen.
    const expected = this.model.initiate(name, flow?.id ?? "none", ttlMs);
    if (flow !== null) this.#flows.set(name, flow.id);
    return [flow?.id ?? null, expected];
  }

  /** Other servers of the same data are swept too, so only what is left is compared. */
  async #sweep(): Promise<readonly [unknown, unknown]> {
    const { store } = this.#harness;
    while ((await store.sweepExpiredFlows(500)) > 0);
    while ((await store.sweepOrphanedCredentials(DAY_MS, 500)) > 0);
    this.model.sweepFlows();
    this.model.sweepOrphans(DAY_MS);
    return [null, null];
  }

  async #editSchema(fields: readonly HeaderFieldInput[]): Promise<readonly [unknown, unknown]> {
    const before = this.#server.headerSchema;
    const headerSchema = datedFormats(before, parseHeaderSchema(fields), this.#server.schemaRevision + 1);
    await this.#edit({ headerSchema });
    if (!isDeepStrictEqual(before, headerSchema)) {
      this.model.editSchema(headerSchema);
    }
    return [this.#server.schemaRevision, this.model.schemaRevision];
  }

  async #edit(change: ServerChange): Promise<void> {
    const { store } = this.#harness;
    const { id, version } = present(await store.findServer(this.#server.id));
    this.#server = (await store.updateServer(id, version, change, entry("server.updated"))).server;
  }

  #declared(): readonly string[] {
    return this.#server.headerSchema.map(({ name }) => name);
  }

  #read(name: string) {
    return this.#harness.store.readCredential({ serverId: this.#server.id, identity: this.#identity(name) });
  }

  #identity(name: string): Identity {
    return present(this.#identities.get(name));
  }

  #flowOf(name: string): string {
    return this.#flows.get(name) ?? "flow_none";
  }

  #claimOf(name: string): string {
    return this.#claims.get(name) ?? "claim_none";
  }
}

describe.each(ENGINES)("credentials and links on $engine", ({ open }: { open: () => Promise<Harness> }) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await open();
  });
  afterAll(() => harness.close());

  it.each(SEEDS)(
    "P5, P7, P8, P12: are what the model of them is, whatever happens in whatever order (seed %d)",
    async (seed) => {
      const property = fc.asyncProperty(fc.array(command, { minLength: 15, maxLength: 40 }), async (commands) => {
        const pair = await Pair.make(harness);
        for (const [index, what] of commands.entries()) {
          const place = `${index + 1}. ${JSON.stringify(what)}`;
          const [answered, expected] = await pair.run(what);
          expect([place, answered]).toEqual([place, expected]);
          for (const name of PEOPLE) {
            expect([place, name, await pair.held(name)]).toEqual([place, name, pair.expected(name)]);
          }
        }
      });
      await fc.assert(property, { seed, numRuns: RUNS });
    },
  );

  it("the log of all of it is whole", async () => {
    expect(await harness.store.verifyAudit()).toMatchObject({ isIntact: true, brokenAt: null });
  });
});
