import type { Identity } from "../core/identity.ts";
import type { VirtualKeyStore } from "../core/store-port.ts";
import type { VirtualKey } from "../core/virtual-key.ts";
import { appendAudit } from "./audit.ts";
import { fromBit, toBit } from "./columns.ts";
import type { Engine, Tx } from "./engine.ts";
import { deleteIdentity } from "./identity-removal.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { prepare } from "./prepared.ts";
import { reconcileAccess } from "./reconcile.ts";
import { Remembered } from "./remembered.ts";
import type { VirtualKeysTable } from "./tables.ts";
import type { Touches } from "./touch.ts";

/** All but the digest, by name: a prepared query may not say `*`. */
const KEY_COLUMNS = [
  "id",
  "name",
  "prefix",
  "owner_user_id",
  "is_enabled",
  "expires_at",
  "rate_limit_per_minute",
  "created_by",
  "created_at",
  "last_used_at",
  "revoked_at",
] as const satisfies readonly (keyof VirtualKeysTable)[];

export function createVirtualKeyStore(engine: Engine, touches: Touches): VirtualKeyStore {
  const readByDigest = prepare(engine, ["digest"], (db, value) =>
    db
      .selectFrom("virtual_keys")
      .select([...KEY_COLUMNS])
      .where("digest", "=", value("digest")),
  );
  const byDigest = new Remembered<VirtualKey | null>(engine);
  return {
    createVirtualKey: (key, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .insertInto("virtual_keys")
          .values({
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            digest: key.digest,
            owner_user_id: key.ownerUserId,
            is_enabled: toBit(key.isEnabled),
            expires_at: key.expiresAt,
            rate_limit_per_minute: key.rateLimitPerMinute,
            created_by: key.createdBy,
            created_at: tx.now,
            last_used_at: null,
            revoked_at: null,
            previous_digest: null,
            previous_expires_at: null,
            rotated_at: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await appendAudit(tx, [audit]);
        return toVirtualKey(row);
      }),

    findVirtualKeyByDigest: (digest) =>
      byDigest.find(digest, async () => {
        const row = await readByDigest({ digest });
        return row === undefined ? null : toVirtualKey(row);
      }),

    async findVirtualKey(id) {
      const row = await engine.read((db) =>
        db.selectFrom("virtual_keys").selectAll().where("id", "=", id).executeTakeFirst(),
      );
      return row === undefined ? null : toVirtualKey(row);
    },

    async listVirtualKeys(page) {
      const { limit, after } = parsePage(page, isTimeAndId);
      const rows = await engine.read((db) => {
        let query = db.selectFrom("virtual_keys").selectAll().where("revoked_at", "is", null);
        if (after !== null) {
          query = query.where((eb) => eb(eb.refTuple("created_at", "id"), "<", eb.tuple(after[0], after[1])));
        }
        return query
          .orderBy("created_at", "desc")
          .orderBy("id", "desc")
          .limit(limit + 1)
          .execute();
      });
      return toPage(rows, limit, (row) => [row.created_at, row.id], toVirtualKey);
    },

    updateVirtualKey: (id, { name, isEnabled, expiresAt, rateLimitPerMinute }, audit) =>
      engine.write(async (tx) => {
        const before = await readUnrevoked(tx, id);
        if (before === undefined) {
          return null;
        }
        const after = await tx.db
          .updateTable("virtual_keys")
          .set({
            name: name ?? before.name,
            is_enabled: isEnabled === undefined ? before.is_enabled : toBit(isEnabled),
            expires_at: expiresAt === undefined ? before.expires_at : expiresAt,
            rate_limit_per_minute: rateLimitPerMinute === undefined ? before.rate_limit_per_minute : rateLimitPerMinute,
          })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        const moved = after.is_enabled === before.is_enabled ? {} : await reconcileAccess(tx, { identity: itself(id) });
        await appendAudit(tx, [{ ...audit, detail: { ...audit.detail, ...moved } }]);
        return toVirtualKey(after);
      }),

    revokeVirtualKey: (id, audit) =>
      engine.write(async (tx) => {
        const revoked = await tx.db
          .updateTable("virtual_keys")
          .set({ revoked_at: tx.now })
          .where("id", "=", id)
          .where("revoked_at", "is", null)
          .returning("id")
          .executeTakeFirst();
        if (revoked === undefined) {
          const known = await tx.db.selectFrom("virtual_keys").select("id").where("id", "=", id).executeTakeFirst();
          return known === undefined ? null : [];
        }
        // An owned key acts as its owner: nothing is stored under the key itself.
        const credentialIds = await deleteIdentity(tx, itself(id));
        await appendAudit(tx, [audit]);
        return credentialIds;
      }),

    touchVirtualKey: async (id) => touches.note("virtual_keys", id),
  };
}

/** The identity of an ownerless key. */
function itself(id: string): Identity {
  return { mode: "virtual_key", id };
}

async function readUnrevoked(tx: Tx, id: string): Promise<VirtualKeysTable | undefined> {
  return tx.db
    .selectFrom("virtual_keys")
    .selectAll()
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
}

function toVirtualKey(row: Pick<VirtualKeysTable, (typeof KEY_COLUMNS)[number]>): VirtualKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    ownerUserId: row.owner_user_id,
    isEnabled: fromBit(row.is_enabled),
    expiresAt: row.expires_at,
    rateLimitPerMinute: row.rate_limit_per_minute,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
