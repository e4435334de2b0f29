import { sql, type RawBuilder } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Access, AccessStore, Grant } from "../core/store-port.ts";
import { groupGrantsOf, serverIsUsableBy } from "./access-rule.ts";
import { appendAudit } from "./audit.ts";
import { assertIdentity, fromIdentity, fromJson, fromJsonOrNull, toIdentity, toJsonOrNull } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { prepare } from "./prepared.ts";
import { reconcileAccess } from "./reconcile.ts";
import { Remembered } from "./remembered.ts";
import { ServerDecoder } from "./server-row.ts";
import type { ServersTable } from "./tables.ts";

/** All of them, by name: a prepared query may not say `*`. */
const SERVER_COLUMNS = [
  "servers.id",
  "servers.name",
  "servers.url",
  "servers.origin",
  "servers.transport",
  "servers.auth_type",
  "servers.header_schema",
  "servers.schema_revision",
  "servers.static_header_names",
  "servers.static_headers",
  "servers.static_headers_key_id",
  "servers.allow_all_identities",
  "servers.link_policy",
  "servers.verification",
  "servers.tools",
  "servers.status",
  "servers.discovered",
  "servers.version",
  "servers.created_at",
  "servers.updated_at",
] as const satisfies readonly `servers.${keyof ServersTable}`[];

export function createAccessStore(engine: Engine): AccessStore {
  const decoder = new ServerDecoder();
  const readUsable = prepare(engine, ["auth_mode", "identity_id", "name"], (db, value) =>
    usableServers(db, value("auth_mode"), value("identity_id")).where("servers.name", "=", value("name")),
  );
  const found = new Remembered<Access | null>(engine);
  const lists = new Remembered<readonly Access[]>(engine, (list) => 1 + list.length);
  return {
    async listGrants(serverId) {
      const rows = await engine.read((db) =>
        db
          .selectFrom("server_grants")
          .select(["auth_mode", "identity_id", "tools"])
          .where("server_id", "=", serverId)
          .orderBy("auth_mode")
          .orderBy("identity_id")
          .execute(),
      );
      return rows.map((row) => ({
        identity: toIdentity(row),
        tools: fromJsonOrNull(row.tools) as readonly string[] | null,
      }));
    },

    async replaceGrants(serverId, grants, audit) {
      assertGrants(grants);
      return engine.write(async (tx) => {
        await assertServer(tx, serverId);
        await assertVirtualKeys(tx, grants);
        await tx.db.deleteFrom("server_grants").where("server_id", "=", serverId).execute();
        await insertGrants(tx, serverId, grants);
        const reconciliation = { ...(await reconcileAccess(tx, { serverId })), needsUpdate: 0 };
        await appendAudit(tx, [{ ...audit, serverId, detail: { ...audit.detail, ...reconciliation } }]);
        return reconciliation;
      });
    },

    findAccess: (identity, serverName) =>
      found.find(`${serverName.length} ${serverName} ${identityKey(identity)}`, async () => {
        const row = await readUsable({ ...fromIdentity(identity), name: serverName });
        return row === undefined ? null : toAccess(decoder, row);
      }),

    listAccess: (identity) =>
      lists.find(identityKey(identity), async () => {
        const { auth_mode, identity_id } = fromIdentity(identity);
        const rows = await engine.read((db) =>
          usableServers(db, sql.val(auth_mode), sql.val(identity_id)).orderBy("servers.name").execute(),
        );
        return rows.map((row) => toAccess(decoder, row));
      }),
  };
}

function usableServers(db: Db, mode: RawBuilder<string>, id: RawBuilder<string>) {
  const shared = groupGrantsOf({ serverId: sql.ref("servers.id"), mode, id });
  return db
    .selectFrom("servers")
    .leftJoin("server_grants", (join) =>
      join
        .onRef("server_grants.server_id", "=", "servers.id")
        .on("server_grants.auth_mode", "=", mode)
        .on("server_grants.identity_id", "=", id),
    )
    .select([
      ...SERVER_COLUMNS,
      // No grant is null, a grant of all tools is the JSON null.
      sql<
        string | null
      >`case when server_grants.server_id is not null then coalesce(server_grants.tools, 'null') end`.as("own_tools"),
      sql<string | null>`(select string_agg(coalesce(shared.tools, 'null'), ',') from ${shared})`.as("group_tools"),
    ])
    .where(serverIsUsableBy({ mode, id }));
}

type AccessRow = ServersTable & { readonly own_tools: string | null; readonly group_tools: string | null };

function toAccess(decoder: ServerDecoder, row: AccessRow): Access {
  const server = decoder.decode(row);
  const lists = [row.own_tools, row.group_tools].filter((list) => list !== null).join(",");
  const granted = fromJson(`[${lists}]`) as readonly (readonly string[] | null)[];
  return { server, tools: intersect(server.tools, unite(granted)) };
}

/** What any of the grants allows; null = all, and so for a server that needs no grant. */
function unite(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  const named = lists.filter((list) => list !== null);
  return named.length === 0 || named.length < lists.length ? null : [...new Set(named.flat())];
}

/** null = all. */
function intersect(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) {
    return a ?? b;
  }
  const inB = new Set(b);
  return a.filter((name) => inB.has(name));
}

function assertGrants(grants: readonly Grant[]): void {
  for (const { identity } of grants) {
    assertIdentity(identity);
  }
  if (new Set(grants.map(({ identity }) => identityKey(identity))).size !== grants.length) {
    throw new KeywardError("invalid_request", { message: "An identity is named twice." });
  }
}

async function assertServer(tx: Tx, serverId: string): Promise<void> {
  const server = await tx.db.selectFrom("servers").select("id").where("id", "=", serverId).executeTakeFirst();
  if (server === undefined) {
    throw new KeywardError("server_not_found");
  }
}

async function assertVirtualKeys(tx: Tx, grants: readonly Grant[]): Promise<void> {
  const ids = grants
    .filter(({ identity }) => identity.mode === "virtual_key")
    .map(({ identity }) => ({ id: identity.id }));
  const unknown = await tx.db
    .selectFrom(tx.json.rows(ids, ["id"]).as("named"))
    .select("named.id")
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("virtual_keys")
            .select(sql<number>`1`.as("one"))
            .whereRef("virtual_keys.id", "=", "named.id")
            .where("virtual_keys.revoked_at", "is", null),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  if (unknown !== undefined) {
    throw new KeywardError("invalid_request", { message: "A grant names a virtual key that does not exist." });
  }
}

async function insertGrants(tx: Tx, serverId: string, grants: readonly Grant[]): Promise<void> {
  const columns = ["server_id", "auth_mode", "identity_id", "tools", "created_at"] as const;
  const rows = grants.map(({ identity, tools }) => ({
    server_id: serverId,
    ...fromIdentity(identity),
    tools: toJsonOrNull(tools),
    created_at: tx.now,
  }));
  await tx.db
    .insertInto("server_grants")
    .columns([...columns])
    .expression((eb) => eb.selectFrom(tx.json.rows(rows, columns).as("granted")).select([...columns]))
    .execute();
}
