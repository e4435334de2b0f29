import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrateSqlite, openSqliteStore } from "../../src/sqlite.ts";
import { MIGRATIONS_FOLDER } from "../../src/store/sqlite/migrate.ts";
import {
  allOf,
  auditOf,
  changeMembers,
  createGroup,
  createUser,
  grantToGroups,
  identityOfUser,
  present,
  submission,
} from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const clock = new TestClock();
let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => {
  folder.remove();
});

/** The migrations up to one, as an earlier version came with them. */
function migrationsUpTo(...names: readonly string[]): URL {
  const copy = join(folder.path, "earlier");
  mkdirSync(copy);
  for (const name of names) {
    copyFileSync(new URL(`${name}.sql`, MIGRATIONS_FOLDER), join(copy, `${name}.sql`));
  }
  return pathToFileURL(`${copy}/`);
}

/** Rows as version 0.1 wrote them. */
const ROWS_OF_0001 = `
  insert into settings values ('setup_done', '1', 1);
  insert into admin_tokens values ('adm_1', 'first', 'digest of adm_1', 1);
  insert into virtual_keys (id, name, prefix, digest, is_enabled, created_by, created_at) values
    ('vk_1', 'one', 'kw_one__', 'digest of vk_1', 1, 'adm_1', 1);
  insert into servers (id, name, url, origin, transport, auth_type, header_schema, schema_revision,
    static_header_names, allow_all_identities, link_policy, verification, status, version, created_at, updated_at)
  values ('srv_1', 'notes', 'https://api.example/mcp', 'https://api.example', 'streamable_http', 'per_user_headers',
    '[{"name":"x-api-key","displayName":"X-API-Key","label":"Key","help":"","helpUrl":null,"isSecret":true,"isRequired":true}]',
    3, '[]', 0, 'inherit', '{"probeTool":null,"hasNegativeControl":true}', 'ready', 5, 1, 1);
  insert into server_grants values ('srv_1', 'virtual_key', 'vk_1', '["search"]', 1), ('srv_1', 'session', 'ses_1', null, 1),
    ('srv_1', 'user', 'usr_invented', null, 1);
  insert into identity_access values ('srv_1', 'virtual_key', 'vk_1', 4);
  insert into header_credentials (id, server_id, auth_mode, identity_id, origin, schema_revision, field_names, sealed,
    key_id, version, status, status_changed_at, created_at, updated_at)
  values ('cred_1', 'srv_1', 'virtual_key', 'vk_1', 'https://api.example', 2, '["x-api-key"]', x'01', 'dk_1', 7,
    'active', 1, 1, 1);
  insert into submission_flows (id, server_id, auth_mode, identity_id, state, claim_id, claim_until, attempts,
    proof_failures, schema_revision, origin, access_epoch, requested_by, expires_at, created_at, updated_at)
  values ('flow_1', 'srv_1', 'virtual_key', 'vk_1', 'verifying', 'claim_1', 9e15, 1, 0, 3, 'https://api.example', 4,
    '{"clientName":null,"clientVersion":null,"address":null}', 9e15, 1, 1);
`;

describe("a database of before there were people", () => {
  it("keeps keys, grants, credentials and flows, and takes users and groups", async () => {
    const options = { path: folder.file(), clock, random };
    await migrateSqlite({ ...options, migrations: migrationsUpTo("0001_init") });
    const raw = new DatabaseSync(folder.file());
    raw.exec(ROWS_OF_0001);
    raw.close();

    const store = await openSqliteStore(options);
    const server = present(await store.findServer("srv_1"));
    const asKey = { mode: "virtual_key", id: "vk_1" } as const;
    expect(await store.findVirtualKeyByDigest("digest of vk_1")).toMatchObject({
      ownerUserId: null,
      rotatedAt: null,
      previousExpiresAt: null,
      isPrevious: false,
      isOwnerEnabled: true,
    });
    expect(await store.findAdminTokenByDigest("digest of adm_1")).not.toBeNull();
    expect(await store.isSetUp()).toBe(true);
    expect(await store.findAccess(asKey, "notes")).toMatchObject({ tools: ["search"] });
    // A grant to a user who could not have existed is gone: it would stand in the way of saving the others again.
    expect(await store.listGrants(server.id)).toEqual([
      { identity: { mode: "session", id: "ses_1" }, tools: null, name: null },
      { identity: asKey, tools: ["search"], name: "one" },
    ]);
    expect((await allOf((page) => store.listCredentials({}, page))).map(({ id, status }) => [id, status])).toEqual([
      ["cred_1", "active"],
    ]);
    // What was being verified while the program was replaced is stored.
    expect(await store.commitSubmission(submission("flow_1", "claim_1"))).toMatchObject({
      kind: "committed",
      credential: { id: "cred_1", version: 8, schemaRevision: 3 },
    });

    const user = await createUser(store);
    const group = await createGroup(store);
    await changeMembers(store, group, [user]);
    await grantToGroups(store, server, [group]);
    expect(await store.findAccess(identityOfUser(user), "notes")).not.toBeNull();
    expect((await auditOf(store)).map(({ action }) => action)).toContain("grants.replaced");
    await store.close();
  });
});
