import { existsSync } from "node:fs";
import { KeywardError } from "../core/errors.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import { openSqliteStore, type SqliteStore } from "../store/sqlite/open.ts";
import type { Config } from "./config/config.ts";

/**
 * Opens the store for one piece of work and closes it again, whatever comes of it.
 * @throws KeywardError `store_unusable` when there is no database yet: looking at one does not make one
 */
export async function withStore<T>(
  config: Config,
  ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
  work: (store: SqliteStore) => Promise<T>,
): Promise<T> {
  if (!existsSync(config.databasePath)) {
    throw new KeywardError("store_unusable", {
      message: `There is no database at ${config.databasePath}. Run keyward serve, or keyward migrate.`,
    });
  }
  const store = await openSqliteStore({ path: config.databasePath, ...ports });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
