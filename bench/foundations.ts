import { join } from "node:path";
import { NO_ORIGIN } from "../src/core/audit.ts";
import { parseHeaderSchema } from "../src/core/header-schema.ts";
import type { Logger, Vault } from "../src/core/ports.ts";
import { originOf, parseUpstreamUrl } from "../src/core/server.ts";
import { loadConfig } from "../src/server/config/config.ts";
import { ensureKeyFile, openKeyEncryption } from "../src/server/key-encryption.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "../src/store/sqlite/open.ts";
import { openVault } from "../src/vault/open-vault.ts";
import { KEY_HEADER } from "./calls.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const PORTS = { clock: systemClock, random: systemRandom, logger: SILENT };

/** Store and keys of a folder, as a Keyward that runs there would open them. */
export interface Foundations {
  readonly path: string;
  readonly store: SqliteStore;
  readonly vault: Vault;
}

export function databaseIn(folder: string): string {
  return join(folder, "keyward.db");
}

/** The caller closes the store. */
export async function openFoundations(
  folder: string,
  onStatement: SqliteStoreOptions["onStatement"] = () => {},
): Promise<Foundations> {
  const path = databaseIn(folder);
  const store = await openSqliteStore({ path, ...PORTS, onStatement });
  try {
    const { encryptionKey } = loadConfig({ flags: { database_url: `sqlite:${path}` }, env: {}, configPath: null });
    await ensureKeyFile(encryptionKey, store, systemRandom);
    const keyEncryption = await openKeyEncryption(encryptionKey, PORTS);
    return { path, store, vault: await openVault({ keyStore: store, keyEncryption, ...PORTS }) };
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
