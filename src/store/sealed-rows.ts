import { sql } from "kysely";
import type { ResealedRow, SealedCounts, SealedKind, SealedRow } from "../core/key-rotation-port.ts";
import type { OauthModel } from "../core/oauth-port.ts";
import type { UpstreamOrigin } from "../core/server.ts";
import { SEALED_COLUMNS, toSealedCredential } from "./credential-row.ts";
import type { Db, Tx } from "./engine.ts";
import { holdSealingKey } from "./sealing-key.ts";

interface CountRow {
  readonly key_id: string;
  readonly credentials: number;
  readonly servers: number;
  readonly oauth_records: number;
}

/** Each table by its own index or, the servers, in whole: they are few. */
export async function countSealed(db: Db, onlyKey?: string): Promise<readonly SealedCounts[]> {
  const isCounted = (column: string) =>
    onlyKey === undefined ? sql`${sql.ref(column)} is not null` : sql`${sql.ref(column)} = ${onlyKey}`;
  const { rows } = await sql<CountRow>`
    select
      key_id,
      cast(sum(credentials) as integer) as credentials,
      cast(sum(servers) as integer) as servers,
      cast(sum(oauth_records) as integer) as oauth_records
    from (
      select key_id, count(*) as credentials, 0 as servers, 0 as oauth_records
      from header_credentials where ${isCounted("key_id")} group by key_id
      union all
      select static_headers_key_id, 0, count(*), 0
      from servers where ${isCounted("static_headers_key_id")} group by static_headers_key_id
      union all
      select key_id, 0, 0, count(*)
      from oauth_records where ${isCounted("key_id")} group by key_id
    ) as counted
    group by key_id
    order by key_id`.execute(db);
  return rows.map((row) => ({
    keyId: row.key_id,
    credentials: row.credentials,
    servers: row.servers,
    oauthRecords: row.oauth_records,
  }));
}

export async function listSealed(
  db: Db,
  kind: SealedKind,
  keyId: string,
  after: string,
  limit: number,
): Promise<readonly SealedRow[]> {
  switch (kind) {
    case "credential":
      return listCredentials(db, keyId, after, limit);
    case "server":
      return listServers(db, keyId, after, limit);
    case "oauth_record":
      return listOauthRecords(db, keyId, after, limit);
  }
}

async function listCredentials(db: Db, keyId: string, after: string, limit: number): Promise<readonly SealedRow[]> {
  const rows = await db
    .selectFrom("header_credentials")
    .select([...SEALED_COLUMNS])
    .where("key_id", "=", keyId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ kind: "credential", credential: toSealedCredential(row) }));
}

async function listServers(db: Db, keyId: string, after: string, limit: number): Promise<readonly SealedRow[]> {
  const rows = await db
    .selectFrom("servers")
    .select(["id", "origin", "version", "static_headers"])
    .where("static_headers_key_id", "=", keyId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.flatMap(({ id, origin, version, static_headers: envelope }) =>
    envelope === null
      ? []
      : [
          {
            kind: "server",
            server: { id, origin: origin as UpstreamOrigin, version, staticHeaders: { keyId, envelope } },
          } as const,
        ],
  );
}

async function listOauthRecords(db: Db, keyId: string, after: string, limit: number): Promise<readonly SealedRow[]> {
  const rows = await db
    .selectFrom("oauth_records")
    .select(["id", "model", "grant_id", "user_id", "client_id", "sealed"])
    .where("key_id", "=", keyId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    kind: "oauth_record",
    record: {
      id: row.id,
      model: row.model as OauthModel,
      grantId: row.grant_id,
      userId: row.user_id,
      clientId: row.client_id,
      sealed: { keyId, envelope: row.sealed },
    },
  }));
}

export async function reseal(tx: Tx, rows: readonly ResealedRow[]): Promise<number> {
  for (const keyId of new Set(rows.map(({ sealed }) => sealed.keyId))) {
    await holdSealingKey(tx, keyId);
  }
  let resealed = 0;
  for (const row of rows) {
    resealed += await resealOne(tx, row);
  }
  return resealed;
}

/** @returns 1, or 0 when the row is not as it was seen any more */
async function resealOne(tx: Tx, { seen, sealed }: ResealedRow): Promise<number> {
  const value = { sealed: sealed.envelope, key_id: sealed.keyId };
  switch (seen.kind) {
    case "credential": {
      const { id, version, sealed: old } = seen.credential;
      const { numUpdatedRows } = await tx.db
        .updateTable("header_credentials")
        .set(value)
        .where("id", "=", id)
        .where("version", "=", version)
        .where("key_id", "=", old.keyId)
        .where("sealed", "=", old.envelope)
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    }
    case "server": {
      const { id, version, staticHeaders: old } = seen.server;
      const { numUpdatedRows } = await tx.db
        .updateTable("servers")
        .set({ static_headers: sealed.envelope, static_headers_key_id: sealed.keyId })
        .where("id", "=", id)
        .where("version", "=", version)
        .where("static_headers_key_id", "=", old.keyId)
        .where("static_headers", "=", old.envelope)
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    }
    case "oauth_record": {
      // These have no version. Each sealing has a nonce of its own, so the bytes tell whether it is the same.
      const { id, sealed: old } = seen.record;
      const { numUpdatedRows } = await tx.db
        .updateTable("oauth_records")
        .set(value)
        .where("id", "=", id)
        .where("key_id", "=", old.keyId)
        .where("sealed", "=", old.envelope)
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    }
  }
}
