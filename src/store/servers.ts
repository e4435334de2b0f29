import { KeywardError } from "../core/errors.ts";
import { datedFormatsOf, requiredNames } from "../core/header-schema.ts";
import type { Reconciliation, ServerChange, ServerStore } from "../core/store-port.ts";
import { appendAudit } from "./audit.ts";
import { toJsonOrNull } from "./columns.ts";
import { type Engine, type Tx, UniqueViolation } from "./engine.ts";
import { isName, parsePage, toPage } from "./page.ts";
import { applyOriginChange, applySchemaChange, endFlows, reconcileAccess } from "./reconcile.ts";
import { fromHeaderSchema, fromServerChange, toServer } from "./server-row.ts";
import type { ServersTable } from "./tables.ts";

export function createServerStore(engine: Engine): ServerStore {
  return {
    createServer: (server, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .insertInto("servers")
          .values({
            id: server.id,
            name: server.name,
            url: server.url,
            origin: server.origin,
            transport: server.transport,
            auth_type: server.authType,
            header_schema: fromHeaderSchema(server.headerSchema),
            schema_revision: 1,
            static_header_names: JSON.stringify(server.staticHeaderNames),
            static_headers: server.staticHeaders?.envelope ?? null,
            static_headers_key_id: server.staticHeaders?.keyId ?? null,
            allow_all_identities: Number(server.allowAllIdentities),
            link_policy: server.linkPolicy,
            verification: JSON.stringify(server.verification),
            tools: toJsonOrNull(server.tools),
            status: server.status,
            discovered: toJsonOrNull(server.discovered),
            version: 1,
            created_at: tx.now,
            updated_at: tx.now,
          })
          .onConflict((conflict) => conflict.column("name").doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) {
          throw new KeywardError("name_taken");
        }
        await appendAudit(tx, [{ ...audit, serverId: server.id }]);
        return toServer(row);
      }),

    async findServer(id) {
      const row = await engine.read((db) =>
        db.selectFrom("servers").selectAll().where("id", "=", id).executeTakeFirst(),
      );
      return row === undefined ? null : toServer(row);
    },

    async findServerByName(name) {
      const row = await engine.read((db) =>
        db.selectFrom("servers").selectAll().where("name", "=", name).executeTakeFirst(),
      );
      return row === undefined ? null : toServer(row);
    },

    async listServers(page) {
      const { limit, after } = parsePage(page, isName);
      const rows = await engine.read((db) =>
        db
          .selectFrom("servers")
          .selectAll()
          .$if(after !== null, (query) => query.where("name", ">", after?.[0] ?? ""))
          .orderBy("name")
          .limit(limit + 1)
          .execute(),
      );
      return toPage(rows, limit, (row) => [row.name], toServer);
    },

    updateServer: (id, expectedVersion, change, audit) =>
      engine.write(async (tx) => {
        const before = await tx.db.selectFrom("servers").selectAll().where("id", "=", id).executeTakeFirst();
        if (before === undefined) {
          throw new KeywardError("server_not_found");
        }
        if (before.version !== expectedVersion) {
          throw new KeywardError("stale_update");
        }
        const after = await writeChange(tx, before, change);
        const reconciliation = await applyConsequences(tx, before, after);
        await appendAudit(tx, [{ ...audit, serverId: id, detail: { ...audit.detail, ...reconciliation } }]);
        return { server: toServer(after), reconciliation };
      }),

    deleteServer: (id, audit) =>
      engine.write(async (tx) => {
        const { numDeletedRows } = await tx.db.deleteFrom("servers").where("id", "=", id).executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) {
          return false;
        }
        await appendAudit(tx, [{ ...audit, serverId: id }]);
        return true;
      }),
  };
}

async function writeChange(tx: Tx, before: ServersTable, change: ServerChange): Promise<ServersTable> {
  const columns = fromServerChange(change);
  const isNewSchema = columns.header_schema !== undefined && columns.header_schema !== before.header_schema;
  try {
    return await tx.db
      .updateTable("servers")
      .set({
        ...columns,
        schema_revision: before.schema_revision + Number(isNewSchema),
        version: before.version + 1,
        updated_at: tx.now,
      })
      .where("id", "=", before.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    // The name is the only column of a change that has a unique index.
    throw error instanceof UniqueViolation ? new KeywardError("name_taken", { cause: error }) : error;
  }
}

async function applyConsequences(tx: Tx, before: ServersTable, after: ServersTable): Promise<Reconciliation> {
  const isNewOrigin = before.origin !== after.origin;
  const isNewSchema = before.schema_revision !== after.schema_revision;
  const isNewAccess = before.allow_all_identities !== after.allow_all_identities || before.status !== after.status;
  let needsUpdate = 0;
  if (isNewOrigin || isNewSchema) {
    await endFlows(tx, after.id);
  }
  if (isNewOrigin) {
    needsUpdate += await applyOriginChange(tx, after.id);
  }
  if (isNewSchema) {
    const { headerSchema } = toServer(after);
    needsUpdate += await applySchemaChange(tx, after, requiredNames(headerSchema), datedFormatsOf(headerSchema));
  }
  const moved = isNewAccess ? await reconcileAccess(tx, { serverId: after.id }) : { orphaned: 0, reactivated: 0 };
  return { ...moved, needsUpdate };
}
