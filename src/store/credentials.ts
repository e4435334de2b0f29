import { sql, type RawBuilder, type SqlBool } from "kysely";
import { KeywardError } from "../core/errors.ts";
import { isSatisfiedBy } from "../core/header-schema.ts";
import type { CredentialRecord } from "../core/credential.ts";
import type { CredentialFilter, CredentialStore, CredentialToStore, RevocationEntry } from "../core/credential-port.ts";
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
import { isNamed } from "./memberships.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { prepare } from "./prepared.ts";
import { addEpochs } from "./reconcile.ts";
import { toHeaderSchema } from "./server-row.ts";
import { holdsText } from "./text-search.ts";
import { listStoredSince } from "./stored-since.ts";
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

    listStoredSince: (position) => listStoredSince(engine, position),

    async upsertCredential(credential, seal, audit) {
      assertIdentity(credential.identity);
      await touches.flush();
      return engine.write(async (tx) => {
        const deposit = await judgeDeposit(tx, credential);
        const stored = await writeCredential(engine, tx, deposit, seal);
        const { serverId, identity, id, version } = stored;
        const action = version === 1 ? "credential.stored" : "credential.edited";
        await appendAudit(tx, [{ ...audit, action, serverId, identity, credentialId: id, version }]);
        return stored;
      });
    },

    async revokeCredential(id, audit, onlyIdentity) {
      await touches.flush();
      return engine.write(async (tx) => {
        const isIt = sql<SqlBool>`header_credentials.id = ${id}`;
        const isTheirs =
          onlyIdentity === undefined
            ? isIt
            : sql<SqlBool>`(${isIt} and header_credentials.auth_mode = ${onlyIdentity.mode}
                and header_credentials.identity_id = ${onlyIdentity.id})`;
        const [revoked] = await revoke(tx, isTheirs, audit);
        return revoked ?? null;
      });
    },

    async revokeCredentials(ids, audit) {
      await touches.flush();
      return engine.write((tx) => revoke(tx, isNamed(tx, "header_credentials.id", ids), audit));
    },

    noteVerification: (id, version, verification, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .updateTable("header_credentials")
          .set({ verification, verified_at: tx.now })
          .where("id", "=", id)
          .where("version", "=", version)
          .where("status", "=", "active")
          .returning(["server_id", "auth_mode", "identity_id"])
          .executeTakeFirst();
        if (row === undefined) {
          return false;
        }
        await appendAudit(tx, [{ ...audit, ...toBinding(row), credentialId: id, version, detail: { verification } }]);
        return true;
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

    touchCredential: async (use) => touches.noteCredential(use),

    noteTold: async (id, version) => touches.noteTold(id, version),
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
  const deposit = { ...credential, statusReason: null, flowId: null, setFrom: null, reservedId: null };
  if (server.origin !== credential.origin) {
    return { ...deposit, status: "needs_update", statusReason: "origin_changed" };
  }
  const isEdited = server.schema_revision !== credential.schemaRevision;
  if (isEdited && !isSatisfiedBy(toHeaderSchema(server.header_schema), credential)) {
    return { ...deposit, status: "needs_update", statusReason: "schema_changed" };
  }
  return deposit;
}

/** With them go flows and tokens of their bindings. */
async function revoke(
  tx: Tx,
  ofCredentials: RawBuilder<SqlBool>,
  audit: RevocationEntry,
): Promise<readonly CredentialRecord[]> {
  const rows = await tx.db
    .selectFrom("header_credentials")
    .select([...RECORD_COLUMNS])
    .where(ofCredentials)
    .execute();
  if (rows.length === 0) {
    return [];
  }
  // Epochs and flows first: they are found by the rows that go.
  await addEpochs(tx, ofCredentials);
  await sql`
    delete from submission_flows where (auth_mode, identity_id, server_id) in (
      select auth_mode, identity_id, server_id from header_credentials where ${ofCredentials}
    )
  `.execute(tx.db);
  await tx.db.deleteFrom("header_credentials").where(ofCredentials).execute();
  await appendAudit(
    tx,
    rows.map((row) => ({ ...audit, ...toBinding(row), credentialId: row.id, version: row.version })),
  );
  return rows.map(toCredentialRecord);
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
    .leftJoin("users", (join) =>
      join.onRef("users.id", "=", "header_credentials.identity_id").on("header_credentials.auth_mode", "=", "user"),
    )
    .select([
      ...RECORD_COLUMNS,
      "servers.name as server_name",
      sql<string | null>`coalesce(virtual_keys.name, users.name)`.as("identity_name"),
    ]);
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
    query = query.where((eb) =>
      eb.or([
        holdsText("servers.name", q),
        holdsText("virtual_keys.name", q),
        holdsText("users.name", q),
        holdsText("users.email", q),
        holdsText("header_credentials.identity_id", q),
      ]),
    );
  }
  return query;
}
