import { NO_ORIGIN, type AuditAction, type AuditEntry, type AuditEvent } from "../../src/core/audit.ts";
import type { Binding, CredentialRecord, SealedCredential } from "../../src/core/credential.ts";
import { type HeaderFieldInput, type HeaderSchema, parseHeaderSchema } from "../../src/core/header-schema.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { KeyRotationStore } from "../../src/core/key-rotation-port.ts";
import type { Discovered, Server, UpstreamOrigin } from "../../src/core/server.ts";
import type { NewUser, PasswordHash } from "../../src/core/people-port.ts";
import type { Reconciliation } from "../../src/core/access-port.ts";
import type { CredentialToStore, CredentialUse, SealForSlot } from "../../src/core/credential-port.ts";
import type { FlowStore, SubmissionFlow, SubmissionToCommit } from "../../src/core/flow-port.ts";
import type { KeyStore } from "../../src/core/key-port.ts";
import type { Page, PageRequest } from "../../src/core/page.ts";
import type { NewServer } from "../../src/core/server-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import type { Group, User } from "../../src/core/user.ts";
import type { VirtualKey } from "../../src/core/virtual-key.ts";

/** All ports, as an engine gives them. */
export type AllPorts = Store & KeyStore & KeyRotationStore;

/** One set of data and the handles on it. */
export interface Harness {
  readonly store: AllPorts;
  /** Another handle on the same data, as a second replica has it. Closed with the harness. */
  another(): Promise<AllPorts>;
  /** Closes `store` and opens the same data again, as a restart does. */
  reopen(): Promise<AllPorts>;
  /** Moves the clock by which expiry is judged. */
  advance(ms: number): void;
  now(): number;
  /** How many statements the handles ran during `work`. */
  countStatements(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** The harness of the running test. */
export type GetHarness = () => Harness;

export const TTL_MS = 900_000;
export const LEASE_MS = 30_000;
export const MAX_ATTEMPTS = 5;

/** Two processes that write to one database make different ids. */
let serial = process.pid * 1_000_000;

export function newId(prefix: string): string {
  serial += 1;
  return `${prefix}_${serial}`;
}

/** Somebody of whom no row is needed. What is true of people only is in `people.ts` and `groups.ts`. */
export function someone(id: string): Identity {
  return { mode: "session", id };
}

export function schemaOf(...fields: readonly (string | HeaderFieldInput)[]): HeaderSchema {
  return parseHeaderSchema(fields.map((field) => (typeof field === "string" ? { name: field } : field)));
}

export const ORIGIN: UpstreamOrigin = "https://api.example" as UpstreamOrigin;
export const OTHER_ORIGIN: UpstreamOrigin = "https://other.example" as UpstreamOrigin;

export const DISCOVERED: Discovered = {
  tools: [{ name: "search", inputSchema: { type: "object" } }],
  era: "modern",
  protocolVersion: "2026-07-28",
  isStateful: false,
  serverInfo: { name: "example" },
  instructions: 'Ask nicely: {"not": "parsed"}',
  prompts: [{ name: "review" }],
  resources: [{ uri: "file:///readme", name: "readme" }],
  resourceTemplates: [{ uriTemplate: "file:///{path}", name: "file" }],
  capabilities: { tools: {}, prompts: {}, resources: {} },
  at: 1,
};

export function serverWith(overrides: Partial<NewServer> = {}): NewServer {
  const id = newId("srv");
  return {
    id,
    name: id,
    url: "https://api.example/mcp",
    origin: ORIGIN,
    transport: "streamable_http",
    authType: "per_user_headers",
    headerSchema: schemaOf("X-API-Key"),
    staticHeaderNames: [],
    staticHeaders: null,
    allowAllIdentities: true,
    linkPolicy: "inherit",
    verification: { probeTool: null, hasNegativeControl: true },
    tools: null,
    status: "ready",
    discovered: null,
    ...overrides,
  };
}

export function entry(action: AuditAction, rest: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: { kind: "admin", id: "adm_1" },
    action,
    outcome: "ok",
    requestId: "req_1",
    address: "192.0.2.1",
    ...rest,
  };
}

export function createServer(store: Store, overrides: Partial<NewServer> = {}): Promise<Server> {
  return store.createServer(serverWith(overrides), entry("server.created"));
}

/** "Seals" by writing down the slot, so that a test can see for which id and version a row was sealed. */
export const sealSlot: SealForSlot = ({ credentialId, version }) => ({
  keyId: "dk_1",
  envelope: new TextEncoder().encode(`${credentialId}#${version}`),
});

export function sealedFor(credential: SealedCredential): string {
  return new TextDecoder().decode(credential.sealed.envelope);
}

export function toStore(server: Server, identity: Identity, rest: Partial<CredentialToStore> = {}): CredentialToStore {
  return {
    identity,
    serverId: server.id,
    origin: server.origin,
    schemaRevision: server.schemaRevision,
    fieldNames: server.headerSchema.map((field) => field.name),
    verification: "proven",
    status: "active",
    ...rest,
  };
}

export function upsert(
  store: Store,
  server: Server,
  identity: Identity,
  rest: Partial<CredentialToStore> = {},
): Promise<SealedCredential> {
  return store.upsertCredential(toStore(server, identity, rest), sealSlot, entry("credential.stored"));
}

export async function initiate(store: FlowStore, binding: Binding, ttlMs = TTL_MS): Promise<SubmissionFlow | null> {
  return store.initiateFlow(
    {
      ...binding,
      newFlowId: newId("flow"),
      ttlMs,
      requestedBy: { clientName: "test-client", clientVersion: "1.0", address: "192.0.2.7" },
    },
    entry("flow.requested"),
  );
}

/** A flow that there must be. */
export async function flowOf(store: FlowStore, server: Server, identity: Identity): Promise<SubmissionFlow> {
  return present(await initiate(store, { serverId: server.id, identity }));
}

export function claim(store: FlowStore, flowId: string, claimId = newId("claim")) {
  return store.claimFlow(flowId, claimId, { leaseMs: LEASE_MS, maxAttempts: MAX_ATTEMPTS });
}

export function submission(
  flowId: string,
  claimId: string,
  rest: Partial<SubmissionToCommit> = {},
): SubmissionToCommit {
  return {
    flowId,
    claimId,
    fieldNames: ["x-api-key"],
    verification: "proven",
    seal: sealSlot,
    actor: { kind: "link", flowId },
    requestOrigin: { requestId: "req_2", address: "192.0.2.9" },
    setFrom: { client: "Firefox on Linux", address: "192.0.2.9" },
    ...rest,
  };
}

/** A flow that is being verified, and what will be committed. */
export async function verifying(store: FlowStore, server: Server, identity: Identity) {
  const flow = await flowOf(store, server, identity);
  const claimId = newId("claim");
  const outcome = await claim(store, flow.id, claimId);
  if (outcome.kind !== "claimed") {
    throw new Error(`not claimed: ${outcome.kind}`);
  }
  return { flow, claimId, submission: submission(flow.id, claimId) };
}

export function release(store: FlowStore, flowId: string, claimId: string, outcome: "refused" | "unknown") {
  return store.releaseFlow(flowId, claimId, outcome, {
    maxAttempts: MAX_ATTEMPTS,
    audit: entry("flow.verification_refused", { outcome: "refused" }),
  });
}

/** One use of a credential as it is now. */
export function useOf({ id, version, serverId, identity }: CredentialRecord, requestId = "req_use"): CredentialUse {
  return { credentialId: id, version, serverId, identity, origin: { requestId, address: "192.0.2.33" } };
}

/** A use of what is not there. */
export const USE_OF_NOTHING: CredentialUse = {
  credentialId: "cred_unknown",
  version: 1,
  serverId: "srv_unknown",
  identity: someone("nobody"),
  origin: NO_ORIGIN,
};

export function addToken(store: FlowStore, flowId: string, digest = newId("digest"), maxLive = 3) {
  return store.addTempToken({ digest, scope: "flow", flowId, maxLive });
}

export function createKey(store: Store, rest: Partial<VirtualKey> = {}): Promise<VirtualKey> {
  const id = newId("vk");
  return store.createVirtualKey(
    {
      id,
      name: `key ${id}`,
      prefix: "kw_abcde",
      ownerUserId: null,
      isEnabled: true,
      expiresAt: null,
      rateLimitPerMinute: null,
      createdBy: "adm_1",
      digest: `digest of ${id}`,
      ...rest,
    },
    entry("virtual_key.created"),
  );
}

/** Somebody who has been invited. */
export async function createUser(store: Store, rest: Partial<NewUser> = {}): Promise<User> {
  const id = rest.id ?? newId("usr");
  const { user } = await store.inviteUser(
    { id, name: `user ${id}`, email: `${id.toLowerCase()}@example.test`, role: "user", groupIds: [], ...rest },
    { digest: `invite of ${id}`, ttlMs: TTL_MS },
    entry("user.invited", { identity: { mode: "user", id } }),
  );
  return user;
}

/** Somebody who has a password. */
export async function joinedUser(store: Store, rest: Partial<NewUser> = {}): Promise<User> {
  const { id } = await createUser(store, rest);
  const audit = { ...NO_ORIGIN, action: "user.joined", outcome: "ok" } as const;
  return present(await store.acceptInvite(`invite of ${id}`, "a hash" as PasswordHash, audit));
}

export function createGroup(store: Store, name?: string): Promise<Group> {
  const id = newId("grp");
  return store.createGroup({ id, name: name ?? id }, entry("group.created", { detail: { group: id } }));
}

export async function changeMembers(
  store: Store,
  group: Group,
  add: readonly User[],
  remove: readonly User[] = [],
): Promise<Reconciliation> {
  const change = { add: add.map(({ id }) => id), remove: remove.map(({ id }) => id) };
  const audit = entry("group.updated", { detail: { changed: ["members"], group: group.id } });
  return (await store.changeMembers(group.id, change, "apply", audit)).reconciliation;
}

export async function grantToGroups(store: Store, server: Server, groups: readonly Group[]): Promise<Reconciliation> {
  const grants = groups.map(({ id }) => ({ groupId: id, tools: null }));
  return (await store.replaceGrants(server.id, grants, entry("grants.replaced"))).reconciliation;
}

export function identityOfUser({ id }: User): Identity {
  return { mode: "user", id };
}

export function identityOfKey(key: VirtualKey): Identity {
  return { mode: "virtual_key", id: key.id };
}

export async function grantTo(store: Store, server: Server, identities: readonly Identity[]): Promise<Reconciliation> {
  const grants = identities.map((identity) => ({ identity, tools: null }));
  return (await store.replaceGrants(server.id, grants, entry("grants.replaced"))).reconciliation;
}

export async function identitiesGranted(store: Store, server: Server): Promise<readonly Identity[]> {
  return (await store.listGrants(server.id)).flatMap((grant) => ("identity" in grant ? [grant.identity] : []));
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) {
    throw new Error("expected a value");
  }
  return value;
}

/** Every item of a list, page by page. */
export async function allOf<T>(list: (page: PageRequest) => Promise<Page<T>>, limit = 500): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit, cursor });
    items.push(...page.items);
    if (page.nextCursor === cursor && cursor !== null) {
      throw new Error("a cursor that does not move");
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

/** The whole audit log, oldest first. */
export async function auditOf(store: Store): Promise<readonly AuditEvent[]> {
  return (await allOf((page) => store.listAudit({}, page))).toReversed();
}

/** The versions that the log says were written, oldest first. */
export async function writtenVersions(store: Store): Promise<readonly (number | undefined)[]> {
  return (await auditOf(store)).filter(({ action }) => WRITES.includes(action)).map(({ version }) => version);
}

/** What a write of values is told as: the first of a credential, and each later one. */
export const WRITES: readonly AuditAction[] = ["credential.stored", "credential.edited"];

export async function actionsOf(store: Store): Promise<readonly AuditAction[]> {
  return (await auditOf(store)).map((event) => event.action);
}

/** The code of the KeywardError that a promise is rejected with; fails when it is not rejected. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : `not a KeywardError: ${String(error)}`;
  }
  return "resolved";
}
