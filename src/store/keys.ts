import { sql } from "kysely";
import type { KeyReader, KeyStore, WrappedKey } from "../core/key-port.ts";
import { fromBit } from "./columns.ts";
import { type Engine, unavailable } from "./engine.ts";
import { DEPLOYMENT_ID, readSetting } from "./settings.ts";
import type { DataKeysTable } from "./tables.ts";

/** Of an engine it needs no more than that it reads: a backup has no other. */
export function createKeyReader(engine: Pick<Engine, "read">): KeyReader {
  return {
    async deploymentId() {
      const id = await engine.read((db) => readSetting(db, DEPLOYMENT_ID));
      if (id === null) {
        throw unavailable(new Error("the deployment id is missing"));
      }
      return id;
    },

    async listKeys() {
      const rows = await engine.read((db) =>
        db.selectFrom("data_keys").selectAll().orderBy("created_at").orderBy("id").execute(),
      );
      return rows.map(toWrappedKey);
    },

    async readKeycheck() {
      const row = await engine.read((db) => db.selectFrom("keycheck").selectAll().executeTakeFirst());
      return row === undefined ? null : { keyId: row.key_id, envelope: row.sealed };
    },

    // Rows that are found by a keyed digest count too: under new keys no virtual key or admin token would be known.
    async hasSealedRows() {
      const result = await engine.read((db) =>
        sql<{ has_rows: number }>`select (
          exists (select 1 from header_credentials)
          or exists (select 1 from servers where static_headers is not null)
          or exists (select 1 from virtual_keys)
          or exists (select 1 from admin_tokens)
          or exists (select 1 from oauth_records)
        ) as has_rows`.execute(db),
      );
      return fromBit(result.rows[0]?.has_rows ?? 1);
    },
  };
}

export function createKeyStore(engine: Engine): KeyStore {
  return {
    ...createKeyReader(engine),

    installKeys: (keys, keycheck) =>
      engine.write(async (tx) => {
        const existing = await tx.db
          .selectFrom("data_keys")
          .select("id")
          .union(tx.db.selectFrom("keycheck").select("key_id as id"))
          .limit(1)
          .executeTakeFirst();
        if (existing !== undefined) {
          return false;
        }
        for (const { id, kind, wrapped, kekId, state } of keys) {
          await tx.db
            .insertInto("data_keys")
            .values({
              id,
              kind,
              wrapped,
              kek_id: kekId,
              state,
              created_at: tx.now,
              seals: 0,
              staged_wrapped: null,
              staged_kek_id: null,
            })
            .execute();
        }
        await tx.db
          .insertInto("keycheck")
          .values({ id: 1, key_id: keycheck.keyId, sealed: keycheck.envelope })
          .execute();
        return true;
      }),
  };
}

function toWrappedKey(row: DataKeysTable): WrappedKey {
  return {
    id: row.id,
    kind: row.kind,
    wrapped: row.wrapped,
    kekId: row.kek_id,
    state: row.state,
    createdAt: row.created_at,
    seals: row.seals,
    staged: toStaged(row),
  };
}

/** Of before keys could be staged: a copy of such a database is opened as it is. */
type OlderRow = Partial<Pick<DataKeysTable, "staged_kek_id" | "staged_wrapped">>;

function toStaged({ staged_kek_id: kekId = null, staged_wrapped: wrapped = null }: OlderRow): WrappedKey["staged"] {
  return kekId === null || wrapped === null ? null : { kekId, wrapped };
}
