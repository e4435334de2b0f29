import type { Clock, Logger, Random } from "../core/ports.ts";
import type { SqlStore } from "../store/sql-store.ts";
import type { Config } from "./config/config.ts";
import { openExistingStore } from "./database.ts";

/**
 * Opens the store for one piece of work and closes it again, whatever comes of it.
 * @throws KeywardError `store_unusable` when there is no database yet: looking at one does not make one
 */
export async function withStore<T>(
  config: Config,
  ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
  work: (store: SqlStore) => Promise<T>,
): Promise<T> {
  const store = await openExistingStore(config.database, ports);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
