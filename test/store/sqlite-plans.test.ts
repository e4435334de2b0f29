import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditFilter } from "../../src/core/audit-port.ts";
import type { CredentialFilter } from "../../src/core/credential-port.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import {
  addToken,
  changeMembers,
  claim,
  createGroup,
  createKey,
  createServer,
  createUser,
  entry,
  flowOf,
  grantTo,
  grantToGroups,
  identityOfKey,
  identityOfUser,
  initiate,
  joinedUser,
  OTHER_ORIGIN,
  release,
  schemaOf,
  upsert,
  useOf,
  someone,
  verifying,
} from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

let folder: TestFolder;
let store: SqliteStore;
let statements: Set<string>;

beforeEach(async () => {
  folder = new TestFolder();
  statements = new Set();
  const onStatement = (sql: string): void => void statements.add(sql);
  store = await openSqliteStore({ path: folder.file(), clock: new TestClock(), random, onStatement });
  statements.clear();
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

/** What the planner says it would do that grows with a table: whole tables and sorts. */
function growingSteps(): readonly string[] {
  const raw = new DatabaseSync(folder.file());
  try {
    return [...statements]
      .filter((sql) => /^\s*(?:select|insert|update|delete)\b/i.test(sql))
      .flatMap((sql) => raw.prepare(`explain query plan ${sql}`).all())
      .map((row) => String(row["detail"]))
      .filter((step) => /^SCAN |TEMP B-TREE/.test(step) && !/^SCAN \w+ VIRTUAL TABLE|CONSTANT ROW/.test(step));
  } finally {
    raw.close();
  }
}

const CURSOR = { cursor: Buffer.from(JSON.stringify([1, "x"])).toString("base64url") };
const AUDIT_CURSOR = { cursor: Buffer.from("[5]").toString("base64url") };

describe("the cost of a statement does not grow with the tables", () => {
  it("when flows are asked for, claimed, committed, released and swept", async () => {
    const server = await createServer(store);
    const first = await verifying(store, server, someone("ada"));
    await addToken(store, first.flow.id);
    await store.commitSubmission(first.submission);
    const second = await verifying(store, server, someone("ada"));
    await release(store, second.flow.id, second.claimId, "refused");
    await flowOf(store, server, someone("ada"));
    await claim(store, "flow_unknown");
    await store.countOpenerMismatch("flow_unknown", 10, entry("flow.opener_mismatch"));
    await store.findFlow("flow_1");
    await store.findCompletedFlow("flow_1");
    await store.findTempToken("digest_1");
    await store.sweepExpiredFlows(500);
    await store.sweepOrphanedCredentials(1, 500);
    await store.countSweepable(1);
    // The last audit event: the end of the table, one row.
    expect(growingSteps()).toEqual(["SCAN audit_events"]);
  });

  it("when a call asks who it is, what it may use, and for its credential", async () => {
    const server = await createServer(store);
    const key = await createKey(store);
    const row = await upsert(store, server, someone("ada"));
    const { id } = row;
    statements.clear();
    await store.findVirtualKeyByDigest("digest");
    await store.findAdminTokenByDigest("digest");
    await store.findAccess(someone("ada"), server.name);
    await store.readCredential({ serverId: server.id, identity: someone("ada") });
    await store.touchCredential(useOf(row));
    await store.noteTold(id, 1);
    await store.touchVirtualKey(key.id);
    await store.findCredential(id);
    expect(growingSteps()).toEqual([]);
  });

  it("when rows are re-sealed and a key is retired, but for the servers, which are few", async () => {
    const server = await createServer(store);
    await upsert(store, server, someone("ada"));
    const key = { kind: "data", wrapped: new Uint8Array([1]), kekId: "kek_1" } as const;
    const keycheck = { keyId: "dk_1", envelope: new Uint8Array([1]) };
    await store.installKeys([{ ...key, id: "dk_1", state: "current" }], keycheck);
    await store.rotateDataKey(
      { key: { ...key, id: "dk_2", state: "current" }, replaces: "dk_1", keycheck },
      entry("vault.rotated"),
    );
    const [row] = await store.listSealed("credential", "dk_1", null, 100);
    statements.clear();
    await store.listSealed("credential", "dk_1", null, 100);
    await store.listSealed("oauth_record", "dk_1", null, 100);
    await store.reseal(row === undefined ? [] : [{ seen: row, sealed: { ...keycheck, keyId: "dk_2" } }]);
    expect(growingSteps()).toEqual([]);
    await store.retireDataKey("dk_1", entry("vault.retired"));
    const ofFewRows = ["SCAN counted", "SCAN servers", "SCAN audit_events", "USE TEMP B-TREE FOR GROUP BY"];
    expect(growingSteps().filter((step) => !ofFewRows.includes(step))).toEqual([]);
  });

  it("when uses are told in the log, and values are revoked in bulk", async () => {
    const server = await createServer(store);
    const row = await upsert(store, server, someone("ada"));
    statements.clear();
    await store.touchCredential(useOf(row));
    await store.revokeCredentials([row.id, "cred_unknown"], entry("credential.revoked"));
    // The last audit event: the end of the table, one row.
    expect(growingSteps()).toEqual(["SCAN audit_events"]);
    expect([...statements].filter((statement) => statement.includes("credential.used"))).toHaveLength(1);
  });

  it("when a server, its grants, a key or a credential changes", async () => {
    const server = await createServer(store);
    const key = await createKey(store);
    const { id } = await upsert(store, server, someone("ada"));
    await initiate(store, { serverId: server.id, identity: identityOfKey(key) });
    statements.clear();
    await store.rejectCredential(id, 1, "401", entry("credential.rejected"));
    await store.revokeCredential(id, entry("credential.revoked"));
    await grantTo(store, server, [someone("ada"), identityOfKey(key)]);
    const change = { headerSchema: schemaOf("other"), origin: OTHER_ORIGIN, status: "disabled" } as const;
    await store.updateServer(server.id, 1, change, entry("server.updated"));
    await store.updateVirtualKey(key.id, { isEnabled: false }, entry("virtual_key.updated"));
    await store.revokeVirtualKey(key.id, entry("virtual_key.revoked"));
    await store.deleteServer(server.id, entry("server.deleted"));
    // The bindings of one virtual key are united: few rows, sorted. Those whom an edit affects are counted.
    const ofOneChange = ["SCAN bindings", "SCAN affected", "USE TEMP B-TREE FOR ORDER BY"];
    expect(new Set(growingSteps())).toEqual(new Set(["SCAN audit_events", ...ofOneChange]));
  });

  it("when one identity's credentials are listed: they are found by its index, not by its mode", async () => {
    await store.listCredentials({ identity: someone("ada") }, {});
    const raw = new DatabaseSync(folder.file());
    const [step] = raw.prepare(`explain query plan ${[...statements].at(-1)}`).all();
    raw.close();
    expect(step?.["detail"]).toMatch(
      /USING INDEX header_credentials_list_identity \(auth_mode=\? AND identity_id=\?\)/,
    );
  });

  it.each<readonly [string, CredentialFilter, readonly string[]]>([
    ["nothing", {}, ["SCAN header_credentials USING INDEX header_credentials_list"]],
    ["server", { serverId: "srv_1" }, []],
    ["mode", { authMode: "user" }, []],
    ["status", { status: "rejected" }, []],
    ["orphaned", { status: "orphaned" }, ["SCAN header_credentials USING INDEX header_credentials_list_orphaned"]],
    ["identity", { identity: someone("ada") }, []],
  ])("when a page of credentials is filtered by %s", async (_, filter, steps) => {
    await store.listCredentials(filter, {});
    expect(growingSteps()).toEqual(steps);
    statements.clear();
    await store.listCredentials(filter, CURSOR);
    expect(growingSteps()).toEqual(steps.filter((step) => !step.startsWith("SCAN")));
  });

  it.each<readonly [string, AuditFilter]>([
    ["nothing", {}],
    ["action", { action: "server.created" }],
    ["server", { serverId: "srv_1" }],
    ["identity", { identity: someone("ada") }],
    ["credential", { credentialId: "cred_1" }],
    ["time", { since: 1 }],
    ["a stretch of time", { since: 1, until: 2 }],
    ["actor", { actor: "user:usr_1" }],
    ["outcome", { outcome: "refused" }],
    ["actor and outcome", { actor: "user:usr_1", outcome: "ok" }],
    ["credential and action", { credentialId: "cred_1", action: "credential.used" }],
  ])("when a page of the audit log is filtered by %s", async (_, filter) => {
    await store.listAudit(filter, AUDIT_CURSOR);
    expect(growingSteps()).toEqual([]);
  });

  it("when apps connect, call, refresh and are revoked, listed and swept", async () => {
    const { id: userId } = await createUser(store);
    statements.clear();
    const sealed = { keyId: "dk_1", envelope: Uint8Array.of(1) };
    const facts = { userId, clientId: "client_1", resource: null, scope: "mcp", sealed, ttlMs: 1_000 };
    const grant = { ...facts, id: "app_1", grantId: null, clientName: null, clientHost: null };
    await store.authorizeApp({ ...grant, model: "Grant" }, entry("app.authorized"));
    await store.saveOauthRecord({ ...facts, id: "digest_1", model: "RefreshToken", grantId: "app_1" });
    await store.findOauthRecord("RefreshToken", "digest_1");
    await store.consumeOauthRecord("RefreshToken", "digest_1", { graceMs: 0, keepMs: 0 });
    await store.findAccessToken("digest_1");
    await store.isAppLive("app_1");
    await store.findNewestGrant(userId, "client_1");
    await store.listApps({}, CURSOR);
    await store.listApps({ userId }, CURSOR);
    await store.deleteOauthRecord("Interaction", "digest_1");
    await store.sweepOauthRecords(500, { unusedClientMs: 1 });
    await store.revokeApp("app_1", entry("app.revoked"), "revoked");
    expect(new Set(growingSteps())).toEqual(new Set(["SCAN audit_events"]));
  });

  it("when keys, servers, users, groups, members and admin tokens are listed", async () => {
    const byName = { cursor: Buffer.from('["a"]').toString("base64url") };
    const byNameAndId = { cursor: Buffer.from('["a","usr_1"]').toString("base64url") };
    await store.listVirtualKeys({}, CURSOR);
    await store.listVirtualKeys({ ownerUserId: "usr_1" }, CURSOR);
    await store.listServers(byName);
    await store.listUsers({}, byNameAndId);
    await store.listUsers({ role: "admin", isEnabled: true }, byNameAndId);
    await store.listGroups(byName);
    expect(growingSteps()).toEqual([]);
    statements.clear();
    await store.listUsers({}, {});
    expect(growingSteps()).toEqual(["SCAN users USING INDEX users_list"]);
    statements.clear();
    // The groups of one user, and the users of one group: found by their index, and sorted.
    await store.listGroupsOf("usr_1");
    await store.listUsers({ groupId: "grp_1" }, byNameAndId);
    expect(growingSteps()).toEqual(["USE TEMP B-TREE FOR ORDER BY", "USE TEMP B-TREE FOR ORDER BY"]);
    statements.clear();
    // There are a handful of them.
    await store.listAdminTokens(CURSOR);
    expect(growingSteps()).toEqual(["SCAN admin_tokens", "USE TEMP B-TREE FOR ORDER BY"]);
  });

  it("when a user signs in, is looked up, joins, leaves, is disabled and goes", async () => {
    const server = await createServer(store, { allowAllIdentities: false });
    const group = await createGroup(store);
    const [user, admin] = [await joinedUser(store), await joinedUser(store, { role: "admin" })];
    await createKey(store, { ownerUserId: user.id });
    await joinedUser(store, { role: "admin" });
    statements.clear();
    await store.findUser(user.id);
    await store.findUsers([user.id, "usr_x"]);
    await store.findUserByEmail(user.email);
    await store.findInvite("digest");
    await store.findAccess(identityOfUser(user), server.name);
    await grantToGroups(store, server, [group]);
    await changeMembers(store, group, [user]);
    await changeMembers(store, group, [], [user]);
    await store.renameGroup(group.id, "other", entry("group.updated"));
    for (const isEnabled of [false, true]) {
      await store.updateUser(user.id, { isEnabled }, "apply", entry("user.updated"));
    }
    await store.updateUser(admin.id, { role: "user" }, "apply", entry("user.updated"));
    await store.deleteUser(user.id, "apply", entry("user.deleted"));
    await store.deleteGroup(group.id, "apply", entry("group.deleted"));
    // Administrators are few, and have an index of their own.
    const ofOneChange = [
      "SCAN bindings",
      "SCAN affected",
      "USE TEMP B-TREE FOR ORDER BY",
      "SCAN users USING COVERING INDEX users_admins",
    ];
    expect(new Set(growingSteps())).toEqual(new Set(["SCAN audit_events", ...ofOneChange]));
  });
});
