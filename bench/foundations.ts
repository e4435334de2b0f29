import { NO_ORIGIN } from "../src/core/audit.ts";
import { parseHeaderSchema } from "../src/core/header-schema.ts";
import type { Logger, Vault } from "../src/core/ports.ts";
import { originOf, parseUpstreamUrl } from "../src/core/server.ts";
import { loadConfig } from "../src/server/config/config.ts";
import { openKeyEncryption } from "../src/server/key-encryption.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import type { Engine } from "../src/store/engine.ts";
import { openPostgres } from "../src/store/postgres/open.ts";
import { openSqlite } from "../src/store/sqlite/open.ts";
import type { SqlStore } from "../src/store/sql-store.ts";
import { openVault } from "../src/vault/open-vault.ts";
import { KEY_HEADER } from "./calls.ts";
import type { Deployment } from "./deployment.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const PORTS = { clock: systemClock, random: systemRandom, logger: SILENT };

/** Store and keys of a deployment, as a Keyward that runs there would open them. */
export interface Foundations {
  readonly store: SqlStore;
  /** For what is done to whole tables. */
  readonly engine: Engine;
  readonly vault: Vault;
}

/**
 * The caller closes the store.
 * @param onStatement told the text of each statement
 */
export async function openFoundations(
  { env }: Deployment,
  onStatement: (sql: string) => void = () => {},
): Promise<Foundations> {
  const { database, encryptionKey } = loadConfig({ flags: {}, env, configPath: null });
  const options = { ...PORTS, onStatement };
  const { store, engine } =
    database.kind === "sqlite"
      ? await openSqlite({ path: database.path, ...options })
      : await openPostgres({ url: database.url, ...options });
  try {
    const keyEncryption = await openKeyEncryption(encryptionKey, PORTS);
    return { store, engine, vault: await openVault({ keyStore: store, keyEncryption, ...PORTS }) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A server that every identity may use, for rows that call no upstream. */
export async function addServer({ store }: Foundations, id: string, url: string): Promise<void> {
  await store.createServer(
    {
      id,
      name: id.replace("srv_", ""),
      url,
      origin: originOf(parseUpstreamUrl(url)),
      transport: "streamable_http",
      authType: "per_user_headers",
      headerSchema: parseHeaderSchema([{ name: KEY_HEADER }]),
      staticHeaderNames: [],
      staticHeaders: null,
      allowAllIdentities: true,
      linkPolicy: "inherit",
      verification: { probeTool: null, hasNegativeControl: true },
      tools: null,
      status: "ready",
      discovered: null,
    },
    { ...NO_ORIGIN, actor: { kind: "system" }, action: "server.created", outcome: "ok", serverId: id },
  );
}
