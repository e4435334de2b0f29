import { sql } from "kysely";
import { KeywardError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { VirtualKeyChange, VirtualKeyFilter, VirtualKeyStore } from "../core/virtual-key-port.ts";
import type { PresentedKey, VirtualKey } from "../core/virtual-key.ts";
import { appendAudit } from "./audit.ts";
import { Subjects } from "./audit-subjects.ts";
import { fromBit, toBit } from "./columns.ts";
import type { Db, Engine, Tx } from "./engine.ts";
import { deleteIdentity } from "./identity-removal.ts";
import { carryOut } from "./intent.ts";
import { assertUsers } from "./memberships.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { prepare } from "./prepared.ts";
import { NOTHING_MOVED, reconcileAccess } from "./reconcile.ts";
import { Remembered } from "./remembered.ts";
import type { VirtualKeysTable } from "./tables.ts";
import { holdsText } from "./text-search.ts";
import type { Touches } from "./touch.ts";

/** All but the digests, by name: a prepared query may not say `*`. */
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
  "rotated_at",
  "previous_expires_at",
] as const satisfies readonly (keyof VirtualKeysTable)[];

type KeyRow = Pick<VirtualKeysTable, (typeof KEY_COLUMNS)[number]>;

export function createVirtualKeyStore(engine: Engine, touches: Touches): VirtualKeyStore {
  // Key, secret and owner in one statement: a key whose owner is disabled is none (promise P8).
  const readByDigest = prepare(engine, ["digest"], (db, value) =>
    db
      .selectFrom("virtual_keys")
      .select([...KEY_COLUMNS])
      .select([
        sql<number>`virtual_keys.digest <> ${value("digest")}`.as("is_previous"),
        sql<number>`(virtual_keys.owner_user_id is null or exists (
          select 1 from users as owner where owner.id = virtual_keys.owner_user_id and owner.is_disabled = 0
        ))`.as("is_owner_enabled"),
      ])
      .where((eb) => eb.or([eb("digest", "=", value("digest")), eb("previous_digest", "=", value("digest"))])),
  );
  const byDigest = new Remembered<PresentedKey | null>(engine);
  return {
    createVirtualKey: (key, audit) =>
      engine.write(async (tx) => {
        if (key.ownerUserId !== null) {
          await assertUsers(tx, [key.ownerUserId]);
        }
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
          .returning([...KEY_COLUMNS])
          .executeTakeFirstOrThrow();
        await appendAudit(tx, [audit]);
        return toVirtualKey(row);
      }),

    findVirtualKeyByDigest: (digest) =>
      byDigest.find(digest, async () => {
        const row = await readByDigest({ digest });
        return row === undefined
          ? null
          : {
              ...toVirtualKey(row),
              isPrevious: fromBit(row.is_previous),
              isOwnerEnabled: fromBit(row.is_owner_enabled),
            };
      }),

    async findVirtualKey(id) {
      const row = await engine.read((db) =>
        db
          .selectFrom("virtual_keys")
          .select([...KEY_COLUMNS])
          .where("id", "=", id)
          .executeTakeFirst(),
      );
      return row === undefined ? null : toVirtualKey(row);
    },

    async listVirtualKeys(filter, page) {
      const { limit, after } = parsePage(page, isTimeAndId);
      const rows = await engine.read((db) => {
        let query = filtered(db, filter);
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

    updateVirtualKey: (id, change, audit, { intent, onlyOwner } = {}) =>
      carryOut(engine, intent, async (tx) => {
        const before = await readUnrevoked(tx, id, onlyOwner);
        if (before === undefined) {
          return null;
        }
        if (onlyOwner !== undefined) {
          assertTighter(before, change);
        }
        const after = await writeChange(tx, before, change);
        const isMoved = after.is_enabled !== before.is_enabled;
        const subjects = await Subjects.of(tx);
        const moved = isMoved ? await reconcileAccess(tx, { identity: itself(id) }, subjects) : NOTHING_MOVED;
        await subjects.append({ ...audit, detail: { ...audit.detail, ...(isMoved ? moved.reconciliation : {}) } });
        return { key: toVirtualKey(after), ...moved };
      }),

    rotateVirtualKey: (id, { digest, prefix }, overlapMs, audit, { onlyOwner } = {}) =>
      engine.write(async (tx) => {
        const before = await readUnrevoked(tx, id, onlyOwner);
        if (before === undefined) {
          return null;
        }
        const after = await tx.db
          .updateTable("virtual_keys")
          .set({
            digest,
            prefix,
            rotated_at: tx.now,
            previous_digest: overlapMs > 0 ? before.digest : null,
            previous_expires_at: overlapMs > 0 ? tx.now + overlapMs : null,
          })
          .where("id", "=", id)
          .returning([...KEY_COLUMNS])
          .executeTakeFirstOrThrow();
        await appendAudit(tx, [audit]);
        return toVirtualKey(after);
      }),

    revokeVirtualKey: (id, audit, { intent, onlyOwner } = {}) =>
      carryOut(engine, intent, async (tx) => {
        const key = await tx.db
          .selectFrom("virtual_keys")
          .select("revoked_at")
          .where("id", "=", id)
          .$if(onlyOwner !== undefined, (query) => query.where("owner_user_id", "=", onlyOwner ?? null))
          .executeTakeFirst();
        if (key === undefined) {
          return null;
        }
        if (key.revoked_at !== null) {
          return [];
        }
        await tx.db.updateTable("virtual_keys").set({ revoked_at: tx.now }).where("id", "=", id).execute();
        // An owned key acts as its owner: nothing is stored under the key itself.
        const subjects = await Subjects.of(tx);
        const credentialIds = await deleteIdentity(tx, itself(id), subjects);
        await subjects.append({ ...audit, detail: { ...audit.detail, deleted: credentialIds.length } });
        return credentialIds;
      }),

    touchVirtualKey: async (id) => touches.noteKey(id),
  };
}

function filtered(db: Db, { ownerUserId, q }: VirtualKeyFilter) {
  let query = db
    .selectFrom("virtual_keys")
    .select([...KEY_COLUMNS])
    .where("revoked_at", "is", null);
  if (ownerUserId !== undefined) {
    query = query.where("owner_user_id", "=", ownerUserId);
  }
  if (q !== undefined && q !== "") {
    query = query.where((eb) => eb.or([holdsText("virtual_keys.name", q), holdsText("virtual_keys.prefix", q)]));
  }
  return query;
}

/** The identity of an ownerless key. */
function itself(id: string): Identity {
  return { mode: "virtual_key", id };
}

async function readUnrevoked(tx: Tx, id: string, onlyOwner?: string): Promise<VirtualKeysTable | undefined> {
  return tx.db
    .selectFrom("virtual_keys")
    .selectAll()
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .$if(onlyOwner !== undefined, (query) => query.where("owner_user_id", "=", onlyOwner ?? null))
    .executeTakeFirst();
}

/** A limit may be an administrator's: whoever it is for cannot raise or remove it. */
function assertTighter(before: VirtualKeysTable, { rateLimitPerMinute: wanted }: VirtualKeyChange): void {
  const limit = before.rate_limit_per_minute;
  if (wanted !== undefined && limit !== null && (wanted === null || wanted > limit)) {
    throw new KeywardError("forbidden", { message: "Only an administrator may raise or remove the limit of a key." });
  }
}

async function writeChange(
  tx: Tx,
  before: VirtualKeysTable,
  { name, isEnabled, expiresAt, rateLimitPerMinute }: VirtualKeyChange,
): Promise<KeyRow> {
  return tx.db
    .updateTable("virtual_keys")
    .set({
      name: name ?? before.name,
      is_enabled: isEnabled === undefined ? before.is_enabled : toBit(isEnabled),
      expires_at: expiresAt === undefined ? before.expires_at : expiresAt,
      rate_limit_per_minute: rateLimitPerMinute === undefined ? before.rate_limit_per_minute : rateLimitPerMinute,
    })
    .where("id", "=", before.id)
    .returning([...KEY_COLUMNS])
    .executeTakeFirstOrThrow();
}

function toVirtualKey(row: KeyRow): VirtualKey {
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
    rotatedAt: row.rotated_at,
    previousExpiresAt: row.previous_expires_at,
  };
}
