import { sql } from "kysely";
import type { AccessToken, App, OauthModel, OauthRecord, OauthRecordToSave, OauthStore } from "../core/oauth-port.ts";
import { appendAudit } from "./audit.ts";
import { fromBit } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { countSweepableOauthRecords, sweepOauthRecords } from "./oauth-sweep.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { prepare } from "./prepared.ts";
import { Remembered } from "./remembered.ts";
import { holdSealingKey } from "./sealing-key.ts";
import type { OauthRecordsTable } from "./tables.ts";
import type { Touches } from "./touch.ts";

const RECORD_COLUMNS = ["id", "model", "grant_id", "user_id", "client_id", "sealed", "key_id"] as const;

export function createOauthStore(engine: Engine, touches: Touches): OauthStore {
  const readAccessToken = prepare(engine, ["id"], (db, value) =>
    db
      .selectFrom("oauth_records as token")
      .innerJoin("oauth_records as held", "held.id", "token.grant_id")
      .innerJoin("users", "users.id", "token.user_id")
      .select([
        "held.id as app_id",
        "token.user_id",
        "token.resource",
        "token.expires_at",
        "held.expires_at as grant_expires_at",
        "users.is_disabled",
      ])
      .where("token.id", "=", value("id"))
      .where("token.model", "=", "AccessToken"),
  );
  const accessTokens = new Remembered<AccessToken | null>(engine);

  return {
    saveOauthRecord: (record) =>
      engine.write(async (tx) => {
        if (!(await hasParents(tx, record))) {
          return false;
        }
        await upsert(tx, record);
        return true;
      }),

    async findOauthRecord(model, id) {
      const row = await engine.read((db, now) =>
        db
          .selectFrom("oauth_records")
          .select([...RECORD_COLUMNS, sql<number | null>`${now} - consumed_at`.as("consumed_since")])
          .where("id", "=", id)
          .where("model", "=", model)
          .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
          .executeTakeFirst(),
      );
      return row === undefined ? null : toRecord(row);
    },

    consumeOauthRecord: (model, id, { graceMs, keepMs }) =>
      engine.write(async (tx) => {
        const keptUntil = tx.now + keepMs;
        const result = await tx.db
          .updateTable("oauth_records")
          .set({
            consumed_at: sql<number>`coalesce(consumed_at, ${tx.now})`,
            expires_at: sql<number>`case when expires_at > ${keptUntil} then ${keptUntil} else expires_at end`,
          })
          .where("id", "=", id)
          .where("model", "=", model)
          .where("expires_at", ">", tx.now)
          .where((eb) => eb.or([eb("consumed_at", "is", null), eb("consumed_at", ">", tx.now - graceMs)]))
          .executeTakeFirstOrThrow();
        return Number(result.numUpdatedRows) > 0;
      }),

    deleteOauthRecord: (model, id) =>
      engine.write(async (tx) => {
        await tx.db.deleteFrom("oauth_records").where("id", "=", id).where("model", "=", model).execute();
      }),

    authorizeApp: (grant, audit) =>
      engine.write(async (tx) => {
        if (!(await hasParents(tx, grant))) {
          return false;
        }
        await upsert(tx, grant, { client_name: grant.clientName, client_host: grant.clientHost });
        await tx.db
          .updateTable("oauth_records")
          .set({ last_used_at: tx.now })
          .where("id", "=", grant.clientId)
          .where("model", "=", "Client")
          .execute();
        await appendAudit(tx, [audit]);
        return true;
      }),

    async findNewestGrant(userId, clientId) {
      const row = await engine.read((db, now) =>
        db
          .selectFrom("oauth_records")
          .select("id")
          .where("user_id", "=", userId)
          .where("model", "=", "Grant")
          .where("client_id", "=", clientId)
          .where("expires_at", ">", now)
          .orderBy("created_at", "desc")
          .orderBy("id", "desc")
          .limit(1)
          .executeTakeFirst(),
      );
      return row?.id ?? null;
    },

    revokeApp: (id, audit, reason, onlyUserId) =>
      engine.write(async (tx) => {
        let query = selectApps(tx.db).where("held.id", "=", id);
        if (onlyUserId !== undefined) {
          query = query.where("held.user_id", "=", onlyUserId);
        }
        const row = await query.executeTakeFirst();
        if (row === undefined) {
          return null;
        }
        // Codes and tokens go with it, in the database.
        await tx.db.deleteFrom("oauth_records").where("id", "=", id).execute();
        const app = toApp(row);
        const detail = { ...(app.clientName === null ? {} : { name: app.clientName }), reason };
        await appendAudit(tx, [{ ...audit, identity: { mode: "user", id: app.userId }, detail }]);
        return app;
      }),

    async listApps({ userId }, page) {
      const { limit, after } = parsePage(page, isTimeAndId);
      const rows = await engine.read((db, now) => {
        let query = selectApps(db).where("held.expires_at", ">", now);
        if (userId !== undefined) {
          query = query.where("held.user_id", "=", userId);
        }
        if (after !== null) {
          query = query.where((eb) => eb(eb.refTuple("held.created_at", "held.id"), "<", eb.tuple(after[0], after[1])));
        }
        return query
          .orderBy("held.created_at", "desc")
          .orderBy("held.id", "desc")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.created_at, row.id], toApp);
    },

    findAccessToken: (id) =>
      accessTokens.find(id, async () => {
        const row = await readAccessToken({ id });
        return row === undefined ? null : toAccessToken(row);
      }),

    async isAppLive(id) {
      const row = await engine.read((db, now) =>
        db
          .selectFrom("oauth_records as held")
          .innerJoin("users", "users.id", "held.user_id")
          .select("held.id")
          .where("held.id", "=", id)
          .where("held.model", "=", "Grant")
          .where("held.expires_at", ">", now)
          .where("users.is_disabled", "=", 0)
          .executeTakeFirst(),
      );
      return row !== undefined;
    },

    touchApp: async (id) => touches.noteApp(id),

    sweepOauthRecords: (limit, options) => sweepOauthRecords(engine, limit, options),
    countSweepableOauthRecords: (options) => countSweepableOauthRecords(engine, options),
  };
}

/** Whether what a record hangs on is there; within the transaction that writes the record, so that it stays. */
async function hasParents(tx: Tx, { grantId, userId }: OauthRecordToSave): Promise<boolean> {
  return (await isThere(tx, "oauth_records", grantId)) && isThere(tx, "users", userId);
}

async function isThere(tx: Tx, table: "oauth_records" | "users", id: string | null): Promise<boolean> {
  if (id === null) {
    return true;
  }
  const found = await sql`select 1 from ${sql.table(table)} where id = ${id}`.execute(tx.db);
  return found.rows.length > 0;
}

async function upsert(
  tx: Tx,
  record: OauthRecordToSave,
  shown: Pick<OauthRecordsTable, "client_name" | "client_host"> = { client_name: null, client_host: null },
): Promise<void> {
  const { keyId, envelope } = record.sealed;
  await holdSealingKey(tx, keyId);
  const changing = {
    ...shown,
    resource: record.resource,
    scope: record.scope,
    sealed: envelope,
    key_id: keyId,
    expires_at: record.ttlMs === null ? null : tx.now + record.ttlMs,
  };
  await tx.db
    .insertInto("oauth_records")
    .values({
      id: record.id,
      model: record.model,
      grant_id: record.grantId,
      user_id: record.userId,
      client_id: record.clientId,
      ...changing,
      consumed_at: null,
      created_at: tx.now,
      last_used_at: null,
    })
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet(changing).where("oauth_records.model", "=", record.model),
    )
    .execute();
}

type RecordRow = Pick<OauthRecordsTable, (typeof RECORD_COLUMNS)[number]> & { readonly consumed_since: number | null };

function toRecord(row: RecordRow): OauthRecord {
  return {
    id: row.id,
    model: row.model as OauthModel,
    grantId: row.grant_id,
    userId: row.user_id,
    clientId: row.client_id,
    sealed: { keyId: row.key_id, envelope: row.sealed },
    consumedSinceMs: row.consumed_since,
  };
}

function selectApps(db: Db) {
  return (
    db
      .selectFrom("oauth_records as held")
      .innerJoin("users", "users.id", "held.user_id")
      .select([
        "held.id",
        "users.id as user_id",
        "users.name as user_name",
        "held.client_id",
        "held.client_name",
        "held.client_host",
        "held.scope",
        "held.created_at",
        "held.last_used_at",
      ])
      // In the text of the statement: an index over grants alone is of no use to a parameter.
      .where("held.model", "=", sql.lit("Grant"))
  );
}

function toApp(row: Awaited<ReturnType<ReturnType<typeof selectApps>["executeTakeFirstOrThrow"]>>): App {
  return {
    id: row.id,
    userId: row.user_id,
    userName: row.user_name,
    clientId: row.client_id ?? "",
    clientName: row.client_name,
    clientHost: row.client_host,
    scopes: row.scope === null ? [] : row.scope.split(" "),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}

interface AccessTokenRow {
  readonly app_id: string;
  readonly user_id: string | null;
  readonly resource: string | null;
  readonly expires_at: number | null;
  readonly grant_expires_at: number | null;
  readonly is_disabled: number;
}

/** What a column of an access token must hold by the table's checks is not there: then it is expired and of nobody. */
function toAccessToken(row: AccessTokenRow): AccessToken {
  return {
    appId: row.app_id,
    userId: row.user_id ?? "",
    resource: row.resource ?? "",
    expiresAt: row.expires_at ?? 0,
    grantExpiresAt: row.grant_expires_at ?? 0,
    isUserEnabled: !fromBit(row.is_disabled),
  };
}
