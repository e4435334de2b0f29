import { sql, type SqlBool } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { keepsOpenForms } from "../core/open-forms.ts";
import type { ServerChange, ServerStore } from "../core/server-port.ts";
import { appendAudit } from "./audit.ts";
import { Subjects } from "./audit-subjects.ts";
import { toJsonOrNull } from "./columns.ts";
import { type Engine, type Tx, UniqueViolation } from "./engine.ts";
import { carryOut } from "./intent.ts";
import { isName, parsePage, toPage } from "./page.ts";
import { countPeople } from "./reconcile.ts";
import { applyServerEdit, type ServerEdit } from "./server-edit.ts";
import { fromHeaderSchema, fromServerChange, toHeaderSchema, toServer } from "./server-row.ts";
import { refuseRetiredKey } from "./sealing-key.ts";
import type { ServersTable } from "./tables.ts";

export function createServerStore(engine: Engine): ServerStore {
  return {
    createServer: (server, audit) =>
      engine.write(async (tx) => {
        if (server.staticHeaders !== null) {
          await refuseRetiredKey(tx, server.staticHeaders.keyId);
        }
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
            form_revision: 1,
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

    updateServer: (id, expectedVersion, change, audit, intent) =>
      carryOut(engine, intent, async (tx) => {
        const before = await tx.db.selectFrom("servers").selectAll().where("id", "=", id).executeTakeFirst();
        if (before === undefined) {
          throw new KeywardError("server_not_found");
        }
        if (before.version !== expectedVersion) {
          throw new KeywardError("stale_update");
        }
        const after = await writeChange(tx, before, change);
        const subjects = await Subjects.of(tx);
        const reconciliation = await applyServerEdit(tx, editOf(before, after), subjects);
        await subjects.append({ ...audit, serverId: id, detail: { ...audit.detail, ...reconciliation } });
        return { server: toServer(after), reconciliation };
      }),

    deleteServer: (id, audit, intent) =>
      carryOut(engine, intent, async (tx) => {
        const ofServer = sql<SqlBool>`header_credentials.server_id = ${id}`;
        const people = await countPeople(tx, ofServer);
        const subjects = await Subjects.of(tx);
        const deleted = await subjects.note("deleted", ofServer);
        const { numDeletedRows } = await tx.db.deleteFrom("servers").where("id", "=", id).executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) {
          return null;
        }
        await subjects.append({ ...audit, serverId: id, detail: { ...audit.detail, deleted } });
        return { orphaned: 0, reactivated: 0, needsUpdate: 0, people };
      }),
  };
}

async function writeChange(tx: Tx, before: ServersTable, change: ServerChange): Promise<ServersTable> {
  if (change.staticHeaders !== undefined && change.staticHeaders !== null) {
    await refuseRetiredKey(tx, change.staticHeaders.keyId);
  }
  const columns = fromServerChange(change);
  const { header_schema: schema = before.header_schema } = columns;
  const revision = before.schema_revision + Number(schema !== before.header_schema);
  const isFormKept = keepsOpenForms(toHeaderSchema(before.header_schema), toHeaderSchema(schema));
  try {
    return await tx.db
      .updateTable("servers")
      .set({
        ...columns,
        schema_revision: revision,
        form_revision: isFormKept ? before.form_revision : revision,
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

function editOf(before: ServersTable, after: ServersTable): ServerEdit {
  return {
    serverId: after.id,
    origin: after.origin,
    isNewOrigin: before.origin !== after.origin,
    newSchema: before.schema_revision === after.schema_revision ? null : toHeaderSchema(after.header_schema),
    endsForms: before.origin !== after.origin || before.form_revision !== after.form_revision,
    isNewAccess: before.allow_all_identities !== after.allow_all_identities || before.status !== after.status,
  };
}
