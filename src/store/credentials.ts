import { sql, type SqlBool } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { isSatisfiedBy } from "../core/header-schema.ts";
import type { Binding } from "../core/credential.ts";
import type { CredentialFilter, CredentialStore, CredentialToStore } from "../core/store-port.ts";
import { appendAudit } from "./audit.ts";
import { assertIdentity, fromBinding, toBinding } from "./columns.ts";
import {
  RECORD_COLUMNS,
  SEALED_COLUMNS,
  toCredentialRecord,
  toListedCredential,
  toSealedCredential,
} from "./credential-row.ts";
import { countByServer } from "./credential-counts.ts";
import { type Deposit, writeCredential } from "./credential-write.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { prepare } from "./prepared.ts";
import { addEpochs } from "./reconcile.ts";
import { toHeaderSchema } from "./server-row.ts";
import type { Touches } from "./touch.ts";

export function createCredentialStore(engine: Engine, touches: Touches): CredentialStore {
  const readRow = prepare(engine, ["server_id", "auth_mode", "identity_id"], (db, value) =>
    db
      .selectFrom("header_credentials")
      .select([...SEALED_COLUMNS])
      .where("server_id", "=", value("server_id"))
      .where("auth_mode", "=", value("auth_mode"))
      .where("identity_id", "=", value("identity_id")),
  );
  return {
    async readCredential(binding) {
      const row = await readRow(fromBinding(binding));
      return row === undefined ? null : toSealedCredential(row);
    },

    async findCredential(id) {
      const row = await engine.read((db) => listed(db).where("header_credentials.id", "=", id).executeTakeFirst());
      return row === undefined ? null : toListedCredential(row);
    },

    async listCredentials(filter, page) {
      const { limit, after } = parsePage(page, isTimeAndId);
      const rows = await engine.read((db) => {
        let query = filtered(db, filter);
        if (after !== null) {
          query = query.where((eb) =>
            eb(
              eb.refTuple("header_credentials.created_at", "header_credentials.id"),
              "<",
              eb.tuple(after[0], after[1]),
            ),
          );
        }
        return query
          .orderBy("header_credentials.created_at", "desc")
          .orderBy("header_credentials.id", "desc")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.created_at, row.id], toListedCredential);
    },

    countCredentials: () => engine.read((db) => countByServer(db)),

    async upsertCredential(credential, seal, audit) {
      assertIdentity(credential.identity);
      return engine.write(async (tx) => {
        const deposit = await judgeDeposit(tx, credential);
        const stored = await writeCredential(engine, tx, deposit, seal);
        const { serverId, identity, id, version } = stored;
        await appendAudit(tx, [{ ...audit, serverId, identity, credentialId: id, version }]);
        return stored;
      });
    },

    revokeCredential: (id, audit, onlyIdentity) =>
      engine.write(async (tx) => {
        let query = tx.db
          .selectFrom("header_credentials")
          .select([...RECORD_COLUMNS])
          .where("id", "=", id);
        if (onlyIdentity !== undefined) {
          query = query.where("auth_mode", "=", onlyIdentity.mode).where("identity_id", "=", onlyIdentity.id);
        }
        const row = await query.executeTakeFirst();
        if (row === undefined) {
          return null;
        }
        // The epoch first: it is taken from the row that goes.
        await addEpochs(tx, sql<SqlBool>`header_credentials.id = ${id}`);
        await tx.db.deleteFrom("header_credentials").where("id", "=", id).execute();
        await deleteFlow(tx, toBinding(row));
        const { serverId, identity } = toBinding(row);
        await appendAudit(tx, [{ ...audit, serverId, identity, credentialId: row.id, version: row.version }]);
        return toCredentialRecord(row);
      }),

    rejectCredential: (id, version, reason, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .updateTable("header_credentials")
          .set({ status: "rejected", status_reason: reason, status_changed_at: tx.now })
          .where("id", "=", id)
          .where("version", "=", version)
          .where("status", "=", "active")
          .returning(["server_id", "auth_mode", "identity_id"])
          .executeTakeFirst();
        if (row === undefined) {
          return false;
        }
        await appendAudit(tx, [{ ...audit, ...toBinding(row), credentialId: id, version }]);
        return true;
      }),

    touchCredential: async (id) => touches.note("header_credentials", id),
  };
}

/**
 * A server that was edited while the caller was at work decides what the values are worth now: those of another origin,
 * or without a field that has become required, are kept, but are not `active`.
 */
async function judgeDeposit(tx: Tx, credential: CredentialToStore): Promise<Deposit> {
  const server = await tx.db
    .selectFrom("servers")
    .select(["origin", "schema_revision", "header_schema"])
    .where("id", "=", credential.serverId)
    .executeTakeFirst();
  if (server === undefined) {
    throw new KeywardError("server_not_found");
  }
  const deposit = { ...credential, statusReason: null, flowId: null };
  if (server.origin !== credential.origin) {
    return { ...deposit, status: "needs_update", statusReason: "origin_changed" };
  }
  const isEdited = server.schema_revision !== credential.schemaRevision;
  if (isEdited && !isSatisfiedBy(toHeaderSchema(server.header_schema), credential)) {
    return { ...deposit, status: "needs_update", statusReason: "schema_changed" };
  }
  return deposit;
}

async function deleteFlow(tx: Tx, binding: Binding): Promise<void> {
  const { server_id, auth_mode, identity_id } = fromBinding(binding);
  await tx.db
    .deleteFrom("submission_flows")
    .where("server_id", "=", server_id)
    .where("auth_mode", "=", auth_mode)
    .where("identity_id", "=", identity_id)
    .execute();
}

function listed(db: Db) {
  return db
    .selectFrom("header_credentials")
    .innerJoin("servers", "servers.id", "header_credentials.server_id")
    .leftJoin("virtual_keys", (join) =>
      join
        .onRef("virtual_keys.id", "=", "header_credentials.identity_id")
        .on("header_credentials.auth_mode", "=", "virtual_key"),
    )
    .select([...RECORD_COLUMNS, "servers.name as server_name", "virtual_keys.name as identity_name"]);
}

function filtered(db: Db, { serverId, identity, authMode, status, q }: CredentialFilter) {
  let query = listed(db);
  if (serverId !== undefined) {
    query = query.where("header_credentials.server_id", "=", serverId);
  }
  if (identity !== undefined) {
    query = query
      .where("header_credentials.auth_mode", "=", identity.mode)
      .where("header_credentials.identity_id", "=", identity.id);
  }
  if (authMode !== undefined) {
    query = query.where("header_credentials.auth_mode", "=", authMode);
  }
  if (status === "orphaned") {
    query = query.where("header_credentials.orphaned_at", "is not", null);
  } else if (status !== undefined) {
    query = query.where("header_credentials.status", "=", status).where("header_credentials.orphaned_at", "is", null);
  }
  if (q !== undefined && q !== "") {
    const pattern = `%${q.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    const holds = (column: string) => sql<SqlBool>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
    query = query.where((eb) =>
      eb.or([holds("servers.name"), holds("virtual_keys.name"), holds("header_credentials.identity_id")]),
    );
  }
  return query;
}
