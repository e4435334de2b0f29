import { KeywardError } from "../core/errors.ts";
import type { AdminStore } from "../core/admin-port.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";
import { isTimeAndId, parsePage, toPage } from "./page.ts";
import { readSetting, SETUP_DIGEST, SETUP_DONE, writeSetting } from "./settings.ts";
import { useUpSetup } from "./setup.ts";
import type { AdminTokensTable } from "./tables.ts";
import { hasAdminUser } from "./user-row.ts";

export function createAdminStore(engine: Engine): AdminStore {
  return {
    offerSetup: (setupDigest) =>
      engine.write(async (tx) => {
        if ((await readSetting(tx.db, SETUP_DONE)) !== null) {
          return false;
        }
        await writeSetting(tx, SETUP_DIGEST, setupDigest);
        return true;
      }),

    completeSetup: (setupDigest, token, audit) =>
      engine.write(async (tx) => {
        if (!(await useUpSetup(tx, setupDigest))) {
          return null;
        }
        const row = { ...token, created_at: tx.now };
        await tx.db.insertInto("admin_tokens").values(row).execute();
        await appendAudit(tx, [audit]);
        return toAdminToken(row);
      }),

    async findAdminTokenByDigest(digest) {
      const row = await engine.read((db) =>
        db.selectFrom("admin_tokens").selectAll().where("digest", "=", digest).executeTakeFirst(),
      );
      return row === undefined ? null : toAdminToken(row);
    },

    async listAdminTokens(page) {
      const { limit, after } = parsePage(page, isTimeAndId);
      const rows = await engine.read((db) =>
        db
          .selectFrom("admin_tokens")
          .select(["id", "name", "created_at"])
          .$if(after !== null, (query) =>
            query.where((eb) => eb(eb.refTuple("created_at", "id"), "<", eb.tuple(after?.[0] ?? 0, after?.[1] ?? ""))),
          )
          .orderBy("created_at", "desc")
          .orderBy("id", "desc")
          .limit(limit + 1)
          .execute(),
      );
      return toPage(rows, limit, (row) => [row.created_at, row.id], toAdminToken);
    },

    createAdminToken: (token, audit) =>
      engine.write(async (tx) => {
        const row = { ...token, created_at: tx.now };
        await tx.db.insertInto("admin_tokens").values(row).execute();
        await appendAudit(tx, [audit]);
        return toAdminToken(row);
      }),

    revokeAdminToken: (id, { isLastAllowed }, audit) =>
      engine.write(async (tx) => {
        const token = await tx.db.deleteFrom("admin_tokens").where("id", "=", id).returning("name").executeTakeFirst();
        if (token === undefined) {
          return false;
        }
        if (!isLastAllowed && !(await isSomebodyLeft(tx))) {
          throw new KeywardError("last_admin");
        }
        await appendAudit(tx, [{ ...audit, detail: { ...audit.detail, name: token.name } }]);
        return true;
      }),
  };
}

async function isSomebodyLeft(tx: Tx): Promise<boolean> {
  const token = await tx.db.selectFrom("admin_tokens").select("id").limit(1).executeTakeFirst();
  return token !== undefined || (await hasAdminUser(tx));
}

function toAdminToken({ id, name, created_at }: Pick<AdminTokensTable, "id" | "name" | "created_at">) {
  return { id, name, createdAt: created_at };
}
