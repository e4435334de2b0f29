import { sql, type RawBuilder } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Access, AccessStore } from "../core/access-port.ts";
import { groupGrantsOf, serverIsUsableBy } from "./access-rule.ts";
import { Subjects } from "./audit-subjects.ts";
import { fromIdentity, fromJson } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { assertGrants, listGrants, writeGrants } from "./grants.ts";
import { carryOut } from "./intent.ts";
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
  "servers.form_revision",
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
    listGrants: (serverId) => listGrants(engine, serverId),

    async replaceGrants(serverId, grants, audit, intent) {
      assertGrants(grants);
      return carryOut(engine, intent, async (tx) => {
        await assertServer(tx, serverId);
        await writeGrants(tx, serverId, grants);
        const subjects = await Subjects.of(tx);
        const moved = await reconcileAccess(tx, { serverId }, subjects);
        await subjects.append({ ...audit, serverId, detail: { ...audit.detail, ...moved.reconciliation } });
        return moved;
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

async function assertServer(tx: Tx, serverId: string): Promise<void> {
  const server = await tx.db.selectFrom("servers").select("id").where("id", "=", serverId).executeTakeFirst();
  if (server === undefined) {
    throw new KeywardError("server_not_found");
  }
}
