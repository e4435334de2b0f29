import { createSecretKey, randomBytes } from "node:crypto";
import { createAccessControl, type Requester } from "../../src/core/access.ts";
import { NO_ORIGIN } from "../../src/core/audit.ts";
import { createCompletions } from "../../src/core/completions.ts";
import type { Binding, SealedCredential } from "../../src/core/credential.ts";
import { HeadersProvider } from "../../src/core/headers-provider.ts";
import type { HeaderName } from "../../src/core/header-name.ts";
import type { Opener } from "../../src/core/opener.ts";
import type { Clock, Vault } from "../../src/core/ports.ts";
import { createResolver } from "../../src/core/resolver.ts";
import { openCredential, resealRow, sealCredential } from "../../src/core/seal-context.ts";
import { Secret } from "../../src/core/secret.ts";
import { createServerRegistry } from "../../src/core/server-registry.ts";
import type { Server } from "../../src/core/server.ts";
import type { SubmissionFlow } from "../../src/core/flow-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import { createSubmissions } from "../../src/core/submission.ts";
import { rotateDataKey } from "../../src/vault/data-keys.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import {
  type AllPorts,
  createServer,
  entry,
  grantTo,
  type Harness,
  initiate as initiateFlow,
  newId,
  present,
  someone,
  toStore,
  TTL_MS,
} from "../contract/fixtures.ts";
import { canaryValue } from "../helpers/canary.ts";
import { type Gate, kindOfStoreCall, OPEN_GATE } from "../helpers/barriers.ts";
import { random } from "../store/sqlite-harness.ts";
import { newNotes, recordingUpstream, type UpstreamNotes } from "./recording-upstream.ts";
import { SILENT } from "./silent.ts";

export const RETENTION_MS = 86_400_000;
const ADMIN: Requester = { actor: { kind: "admin", id: "adm_1" }, origin: NO_ORIGIN };

type GroundHarness = Pick<Harness, "store" | "another" | "advance" | "now" | "close">;

/** One set of data with its keys, and three replicas on it. Shared by all orders of a test file: they do not meet. */
export interface Ground {
  readonly harness: Omit<GroundHarness, "another">;
  readonly vault: Vault;
  /** Of a process that seals under the data key of before, which the other vault reads. */
  readonly formerVault: Vault & { currentKeyId(): string };
  /** For the operations; `harness.store` is left for looking on. */
  readonly replicas: readonly [AllPorts, AllPorts, AllPorts];
  readonly clock: Clock;
}

/** @param key the key-encryption key; default: one of this ground alone */
export async function prepareGround(
  open: () => Promise<GroundHarness>,
  key: Uint8Array = randomBytes(32),
): Promise<Ground> {
  const harness = await open();
  const keyEncryption = new LocalKeyEncryption(createSecretKey(key), random);
  const options = { keyStore: harness.store, keyEncryption, random, logger: SILENT };
  const formerVault = await openVault(options);
  await rotateDataKey(options);
  const vault = await openVault(options);
  const [one, two, three] = [await harness.another(), await harness.another(), await harness.another()];
  const clock: Clock = { now: () => harness.now(), schedule: () => () => {} };
  return { harness, vault, formerVault, replicas: [one, two, three], clock };
}

/** A server of which Ada has a credential and an open link. */
export interface World {
  readonly ground: Ground;
  readonly server: Server;
  readonly binding: Binding;
  readonly credential: SealedCredential;
  readonly flow: SubmissionFlow;
  readonly oldValue: string;
  readonly notes: UpstreamNotes;
  /** Audit events of the server before the operations began. */
  readonly eventsBefore: number;
}

/**
 * @param options.linkTtlMs how long Ada's link lives
 * @param options.isOldKey whether her values are sealed under the data key of before
 */
export async function makeWorld(
  ground: Ground,
  { linkTtlMs = TTL_MS, isOldKey = false }: { readonly linkTtlMs?: number; readonly isOldKey?: boolean } = {},
): Promise<World> {
  const { harness } = ground;
  const vault = isOldKey ? ground.formerVault : ground.vault;
  const { store } = harness;
  const server = await createServer(store, { allowAllIdentities: false });
  const ada = someone(newId("ada"));
  await grantTo(store, server, [ada]);
  const oldValue = canaryValue("old");
  const binding = { serverId: server.id, identity: ada };
  const values = new Map([["x-api-key" as HeaderName, new Secret(oldValue)]]);
  const sealed = sealCredential(vault, values, {
    ...binding,
    origin: server.origin,
    schemaRevision: server.schemaRevision,
  });
  const credential = await store.upsertCredential(toStore(server, ada), sealed, entry("credential.stored"));
  const flow = present(await initiateFlow(store, binding, linkTtlMs));
  await store.markFlowOpened(flow.id, entry("flow.opened"));
  const eventsBefore = await countEvents(store, server);
  return { ground, server, binding, credential, flow, oldValue, notes: newNotes(), eventsBefore };
}

/** The one value of a row, opened. */
export async function valueIn({ vault }: Ground, row: SealedCredential): Promise<string | undefined> {
  return [...(await openCredential(vault, row)).values()][0]?.reveal();
}

async function countEvents(store: Store, server: Server): Promise<number> {
  return (await store.listAudit({ serverId: server.id }, { limit: 500 })).items.length;
}

/** What runs in a race, on a replica of its own, each call of a port a step. */
export type Operation = (world: World, gate: Gate, replica: AllPorts) => Promise<unknown>;

function gated(gate: Gate, replica: Store): Store {
  return gate.around(replica, kindOfStoreCall);
}

function upstreamBehind(gate: Gate, notes: UpstreamNotes, onVerified: () => void = () => {}) {
  return recordingUpstream(notes, (what) =>
    gate.step(what, what === "verify" ? "alone" : "upstream", async () => {
      if (what === "verify") onVerified();
    }),
  );
}

export const initiate: Operation = ({ binding, ground }, gate, replica) => {
  const provider = new HeadersProvider({
    store: gated(gate, replica),
    vault: ground.vault,
    logger: SILENT,
    clock: ground.clock,
    random,
  });
  const { identity, serverId } = binding;
  return provider.initiateUserSubmissionFlow({
    mode: identity.mode,
    identity: identity.id,
    serverId,
    baseUrl: "https://keyward.example",
  });
};

function submissionsOf(world: World, gate: Gate, replica: Store, onVerified?: (world: World) => void) {
  return createSubmissions({
    store: gated(gate, replica),
    vault: world.ground.vault,
    upstream: upstreamBehind(gate, world.notes, () => onVerified?.(world)),
    completions: createCompletions({ logger: SILENT }),
    random,
    logger: SILENT,
  });
}

function openerOf({ flow, binding }: World): Opener {
  const actor = { kind: "link", flowId: flow.id } as const;
  return { flowId: flow.id, proof: "virtual_key", actor, identity: binding.identity };
}

/** @param onVerified what happens while the server is asked */
export function submitting(onVerified?: (world: World) => void): Operation {
  return (world, gate, replica) =>
    submissionsOf(world, gate, replica, onVerified).submit(
      openerOf(world),
      { "X-API-Key": canaryValue("new") },
      { ...NO_ORIGIN, client: null },
    );
}

/** What the page asks when it does not know what became of a submission. */
export function stateOfLink(world: World): Promise<string> {
  return submissionsOf(world, OPEN_GATE, world.ground.harness.store).state(openerOf(world));
}

function accessControl({ notes }: World, gate: Gate, replica: Store) {
  return createAccessControl({ store: gated(gate, replica), upstream: upstreamBehind(gate, notes) });
}

export const revoke: Operation = (world, gate, replica) =>
  accessControl(world, gate, replica).revokeCredential(world.credential.id, null, ADMIN);

export const loseAccess: Operation = (world, gate, replica) =>
  accessControl(world, gate, replica).replaceGrants(world.server.id, [], ADMIN);

/** Not through the policy, so that the step has a name of its own. */
export const regainAccess: Operation = ({ server, binding }, gate, replica) =>
  gate.step("regainAccess", "writes", () => grantTo(replica, server, [binding.identity]));

export const loseAndRegainAccess: Operation = async (world, gate, replica) => {
  await loseAccess(world, gate, replica);
  await regainAccess(world, gate, replica);
};

function registryOf({ vault }: Ground, notes: UpstreamNotes, gate: Gate, replica: Store) {
  return createServerRegistry({
    store: gated(gate, replica),
    vault,
    upstream: { ...upstreamBehind(gate, notes), assertAllowed: async () => {} },
    random,
    listChanges: { changed: () => {} },
  });
}

function edit({ server, ground, notes }: World, gate: Gate, replica: Store, patch: object): Promise<unknown> {
  return registryOf(ground, notes, gate, replica).update(server.id, patch, ADMIN);
}

export const removeServer: Operation = ({ server, ground, notes }, gate, replica) =>
  registryOf(ground, notes, gate, replica).remove(server.id, ADMIN);

export const editSchema: Operation = (world, gate, replica) =>
  edit(world, gate, replica, { headerSchema: [{ name: "X-API-Key" }, { name: "X-Tenant" }] });

export const editOrigin: Operation = (world, gate, replica) =>
  edit(world, gate, replica, { url: "https://other.example/mcp" });

export const sweep: Operation = async (_world, gate, replica) => {
  const store = gated(gate, replica);
  await store.sweepExpiredFlows(500);
  await store.sweepOrphanedCredentials(RETENTION_MS, 500);
};

/** What re-wrapping does with one row: the rows of other settings are not touched. */
export const rewrapOwn: Operation = async ({ ground, credential }, gate, replica) => {
  const store = gate.around(replica, kindOfStoreCall);
  const rows = await store.listSealed("credential", ground.formerVault.currentKeyId(), null, 500);
  const own = rows.filter((row) => row.kind === "credential" && row.credential.id === credential.id);
  await store.reseal(await Promise.all(own.map((row) => resealRow(ground.vault, row))));
};

type CallOutcome = "no_access" | "asked" | "answered" | "ended" | "unavailable";

/** A call as the gateway makes it. Between the row that is read and the request that carries it there is no turn. */
export const call: Operation = async ({ ground, binding, server, notes }, gate, replica): Promise<CallOutcome> => {
  const store = gated(gate, replica);
  const access = await store.findAccess(binding.identity, server.name);
  if (access === null) {
    return "no_access";
  }
  const resolver = createResolver({ store, vault: ground.vault, logger: SILENT });
  const resolution = await resolver.resolve(binding.identity, access.server);
  if (resolution.kind !== "ready") {
    return resolution.kind === "auth_required" ? "asked" : "unavailable";
  }
  const answer = await upstreamBehind(gate, notes).request(access.server, resolution.headers, { method: "tools/call" });
  return answer.kind === "result" ? "answered" : "ended";
};
