import { sql } from "kysely";
import type { KeyRotationStore } from "../core/key-rotation-port.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";
import { countSealed, listSealed, reseal } from "./sealed-rows.ts";
import type { DataKeysTable } from "./tables.ts";

export function createKeyRotationStore(engine: Engine): KeyRotationStore {
  return {
    rotateDataKey: ({ key, replaces, keycheck }, audit) =>
      engine.write(async (tx) => {
        const { numUpdatedRows } = await tx.db
          .updateTable("data_keys")
          .set({ state: "readable" })
          .where("id", "=", replaces)
          .where("kind", "=", "data")
          .where("state", "=", "current")
          // A key that only one of two key-encryption keys wraps would be lost to one half of the replicas.
          .where("staged_kek_id", "is", null)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) {
          return false;
        }
        await tx.db
          .insertInto("data_keys")
          .values({
            id: key.id,
            kind: key.kind,
            wrapped: key.wrapped,
            kek_id: key.kekId,
            state: "current",
            created_at: tx.now,
            seals: 0,
            staged_wrapped: null,
            staged_kek_id: null,
          })
          .execute();
        await tx.db.updateTable("keycheck").set({ key_id: keycheck.keyId, sealed: keycheck.envelope }).execute();
        await appendAudit(tx, [audit]);
        return true;
      }),

    retireDataKey: (id, audit) =>
      engine.write(async (tx) => {
        const key = await tx.db
          .selectFrom("data_keys")
          .select(["kind", "state"])
          .where("id", "=", id)
          .executeTakeFirst();
        if (key?.kind !== "data") {
          return { kind: "unknown" };
        }
        if (key.state !== "readable") {
          return { kind: key.state === "current" ? "current" : "retired_before" };
        }
        // First: from here on nobody seals under it. Whoever has is waited for here, and counted below.
        await setState(tx, id, "retired");
        const [counts] = await countSealed(tx.db, id);
        if (counts !== undefined) {
          await setState(tx, id, "readable");
          return { kind: "in_use", counts };
        }
        await tx.db
          .updateTable("data_keys")
          .set({ wrapped: new Uint8Array(), staged_wrapped: null, staged_kek_id: null })
          .where("id", "=", id)
          .execute();
        await appendAudit(tx, [audit]);
        return { kind: "retired" };
      }),

    stageWrappings: (kekId, wrappings, audit) =>
      engine.write(async (tx) => {
        const keys = await liveKeys(tx);
        const wrapped = new Map(wrappings.map((wrapping) => [wrapping.keyId, wrapping.wrapped]));
        const isAsSeen = keys.length === wrapped.size && keys.every(({ id }) => wrapped.has(id));
        if (!isAsSeen || keys.some((key) => key.staged_kek_id !== null)) {
          return false;
        }
        for (const [id, staged_wrapped] of wrapped) {
          const staged = { staged_wrapped, staged_kek_id: kekId };
          await tx.db.updateTable("data_keys").set(staged).where("id", "=", id).execute();
        }
        await appendAudit(tx, [audit]);
        return true;
      }),

    promoteWrappings: (kekId, audit) =>
      engine.write(async (tx) => {
        if (!(await isStaged(tx, kekId))) {
          return false;
        }
        await tx.db
          .updateTable("data_keys")
          .set((eb) => ({
            wrapped: sql<Uint8Array>`${eb.ref("staged_wrapped")}`,
            kek_id: sql<string>`${eb.ref("staged_kek_id")}`,
            staged_wrapped: null,
            staged_kek_id: null,
          }))
          .where("staged_kek_id", "=", kekId)
          .execute();
        await appendAudit(tx, [audit]);
        return true;
      }),

    unstageWrappings: (kekId, audit) =>
      engine.write(async (tx) => {
        if (!(await isStaged(tx, kekId))) {
          return false;
        }
        await tx.db
          .updateTable("data_keys")
          .set({ staged_wrapped: null, staged_kek_id: null })
          .where("staged_kek_id", "=", kekId)
          .execute();
        await appendAudit(tx, [audit]);
        return true;
      }),

    countSealed: () => engine.read((db) => countSealed(db)),
    listSealed: (kind, keyId, after, limit) => engine.read((db) => listSealed(db, kind, keyId, after ?? "", limit)),
    reseal: (rows) => engine.write((tx) => reseal(tx, rows)),

    noteSeals: (seals) =>
      engine.write(async (tx) => {
        for (const [id, count] of seals) {
          await tx.db
            .updateTable("data_keys")
            .set({ seals: sql<number>`seals + ${count}` })
            .where("id", "=", id)
            .execute();
        }
      }),
  };
}

async function setState(tx: Tx, id: string, state: DataKeysTable["state"]): Promise<void> {
  await tx.db.updateTable("data_keys").set({ state }).where("id", "=", id).execute();
}

/** Keys that somebody may need to be unwrapped. */
function liveKeys(tx: Tx) {
  return tx.db.selectFrom("data_keys").select(["id", "staged_kek_id"]).where("state", "<>", "retired").execute();
}

/** Whether every key has been wrapped by it. */
async function isStaged(tx: Tx, kekId: string): Promise<boolean> {
  const keys = await liveKeys(tx);
  return keys.length > 0 && keys.every((key) => key.staged_kek_id === kekId);
}
