import { sql, type RawBuilder, type SqlBool } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Grant, ListedGrant } from "../core/access-port.ts";
import { assertIdentity, fromIdentity, fromJsonOrNull, toIdentity, toJsonOrNull } from "./columns.ts";
import type { Engine, Tx } from "./engine.ts";

/** Groups first, then by kind and id of the identity. */
export async function listGrants(engine: Engine, serverId: string): Promise<readonly ListedGrant[]> {
  const groups = await engine.read((db) =>
    db
      .selectFrom("server_group_grants")
      .innerJoin("user_groups", "user_groups.id", "server_group_grants.group_id")
      .select(["server_group_grants.group_id", "server_group_grants.tools", "user_groups.name"])
      .where("server_group_grants.server_id", "=", serverId)
      .orderBy("server_group_grants.group_id")
      .execute(),
  );
  const identities = await engine.read((db) =>
    db
      .selectFrom("server_grants")
      .leftJoin("virtual_keys", (join) =>
        join
          .onRef("virtual_keys.id", "=", "server_grants.identity_id")
          .on("server_grants.auth_mode", "=", "virtual_key"),
      )
      .leftJoin("users", (join) =>
        join.onRef("users.id", "=", "server_grants.identity_id").on("server_grants.auth_mode", "=", "user"),
      )
      .select(["server_grants.auth_mode", "server_grants.identity_id", "server_grants.tools"])
      .select(sql<string | null>`coalesce(virtual_keys.name, users.name)`.as("name"))
      .where("server_grants.server_id", "=", serverId)
      .orderBy("server_grants.auth_mode")
      .orderBy("server_grants.identity_id")
      .execute(),
  );
  return [
    ...groups.map((row) => ({ groupId: row.group_id, tools: toTools(row.tools), name: row.name })),
    ...identities.map((row) => ({ identity: toIdentity(row), tools: toTools(row.tools), name: row.name })),
  ];
}

function toTools(text: string | null): readonly string[] | null {
  return fromJsonOrNull(text) as readonly string[] | null;
}

/**
 * What can be said of grants without the store.
 * @throws KeywardError `invalid_identity`, `invalid_request` for a subject that is named twice
 */
export function assertGrants(grants: readonly Grant[]): void {
  const subjects = grants.map((grant) => {
    if ("groupId" in grant) {
      return `group:${grant.groupId}`;
    }
    assertIdentity(grant.identity);
    return identityKey(grant.identity);
  });
  if (new Set(subjects).size !== subjects.length) {
    throw new KeywardError("invalid_request", { message: "A grant names somebody twice." });
  }
}

/**
 * Puts these grants in the place of all others of the server.
 * @throws KeywardError `invalid_request` for a subject that does not exist
 */
export async function writeGrants(tx: Tx, serverId: string, grants: readonly Grant[]): Promise<void> {
  await assertSubjects(tx, grants);
  await tx.db.deleteFrom("server_grants").where("server_id", "=", serverId).execute();
  await tx.db.deleteFrom("server_group_grants").where("server_id", "=", serverId).execute();
  await insertIdentityGrants(tx, serverId, grants);
  await insertGroupGrants(tx, serverId, grants);
}

async function assertSubjects(tx: Tx, grants: readonly Grant[]): Promise<void> {
  const idsOf = (mode: string): readonly string[] =>
    grants.flatMap((grant) => ("identity" in grant && grant.identity.mode === mode ? [grant.identity.id] : []));
  const groupIds = grants.flatMap((grant) => ("groupId" in grant ? [grant.groupId] : []));
  const isThere = {
    // An owned key acts as its owner: a grant to the key itself would give nobody anything.
    key: sql<SqlBool>`exists (
      select 1 from virtual_keys as there
      where there.id = named.id and there.revoked_at is null and there.owner_user_id is null
    )`,
    user: sql<SqlBool>`exists (select 1 from users as there where there.id = named.id)`,
    group: sql<SqlBool>`exists (select 1 from user_groups as there where there.id = named.id)`,
  };
  await assertAll(
    tx,
    idsOf("virtual_key"),
    isThere.key,
    "A grant names a virtual key that does not exist, or has an owner.",
  );
  await assertAll(tx, idsOf("user"), isThere.user, "A grant names a user who does not exist.");
  await assertAll(tx, groupIds, isThere.group, "A grant names a group that does not exist.");
}

async function assertAll(tx: Tx, ids: readonly string[], isThere: RawBuilder<SqlBool>, message: string): Promise<void> {
  const missing = await tx.db
    .selectFrom(
      tx.json
        .rows(
          ids.map((id) => ({ id })),
          { id: "text" },
        )
        .as("named"),
    )
    .select("named.id")
    .where(sql<SqlBool>`not ${isThere}`)
    .limit(1)
    .executeTakeFirst();
  if (missing !== undefined) {
    throw new KeywardError("invalid_request", { message });
  }
}

const IDENTITY_GRANT = {
  server_id: "text",
  auth_mode: "text",
  identity_id: "text",
  tools: "text",
  created_at: "integer",
} as const;

async function insertIdentityGrants(tx: Tx, serverId: string, grants: readonly Grant[]): Promise<void> {
  const rows = grants.flatMap((grant) =>
    "identity" in grant
      ? [{ server_id: serverId, ...fromIdentity(grant.identity), tools: toJsonOrNull(grant.tools), created_at: tx.now }]
      : [],
  );
  await tx.db
    .insertInto("server_grants")
    .columns(["server_id", "auth_mode", "identity_id", "tools", "created_at"])
    .expression((eb) =>
      eb
        .selectFrom(tx.json.rows(rows, IDENTITY_GRANT).as("granted"))
        .select(["server_id", "auth_mode", "identity_id", "tools", "created_at"]),
    )
    .execute();
}

const GROUP_GRANT = { server_id: "text", group_id: "text", tools: "text", created_at: "integer" } as const;

async function insertGroupGrants(tx: Tx, serverId: string, grants: readonly Grant[]): Promise<void> {
  const rows = grants.flatMap((grant) =>
    "groupId" in grant
      ? [{ server_id: serverId, group_id: grant.groupId, tools: toJsonOrNull(grant.tools), created_at: tx.now }]
      : [],
  );
  await tx.db
    .insertInto("server_group_grants")
    .columns(["server_id", "group_id", "tools", "created_at"])
    .expression((eb) =>
      eb
        .selectFrom(tx.json.rows(rows, GROUP_GRANT).as("granted"))
        .select(["server_id", "group_id", "tools", "created_at"]),
    )
    .execute();
}
