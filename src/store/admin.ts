import type { AdminStore } from "../core/store-port.ts";
import { appendAudit } from "./audit.ts";
import type { Engine } from "./engine.ts";
import { readSetting, SETUP_DIGEST, SETUP_DONE, writeSetting } from "./settings.ts";
import { useUpSetup } from "./setup.ts";
import type { AdminTokensTable } from "./tables.ts";

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
  };
}

function toAdminToken({ id, name, created_at }: Pick<AdminTokensTable, "id" | "name" | "created_at">) {
  return { id, name, createdAt: created_at };
}
