import type { ConfigOptions, Runtime } from "../cli/runtime.ts";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { Logger } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import { retireDataKey, rotateDataKey } from "../vault/data-keys.ts";
import type { KeyChangeOptions } from "../vault/key-change.ts";
import type { SqlStore } from "../store/sql-store.ts";
import { generateKey } from "../vault/key-text.ts";
import { promoteKeyEncryption, stageKeyEncryption, unstageKeyEncryption } from "../vault/staged-key.ts";
import { loadConfig, type Config } from "./config/config.ts";
import { CONFIG_FLAGS } from "./config/config-flags.ts";
import type { DatabaseSource } from "./config/database-source.ts";
import { databaseUrl } from "./config/parse-value.ts";
import { migrateDatabase, migrationStatus } from "./database.ts";
import { holdLines } from "./held-lines.ts";
import { openKeyEncryption } from "./key-encryption.ts";
import { withStore } from "./local-store.ts";
import { moveDatabase } from "./move-database.ts";
import { createLogger, type LogDestination } from "./log.ts";
import { countSweepable, sweepAll } from "./sweep-all.ts";
import { systemClock, systemRandom } from "./system.ts";
import { backUp, openNextKey, rewrapStore, vaultStatus, type VaultWorkPorts } from "./vault-work.ts";
import { VERSION } from "./version.ts";

/**
 * What the command line needs of the composed product. HTTP and the upstream side are loaded by the commands that need
 * them: most commands only ask a running gateway.
 */
export function createRuntime(): Runtime {
  return {
    version: VERSION,
    clock: systemClock,
    random: systemRandom,
    configFlags: CONFIG_FLAGS,

    async serve(options) {
      const config = loadConfig(options);
      const lines = holdLines(process.stderr);
      const logger = loggerFor(config, lines);
      const { startServer } = await import("./lifecycle.ts");
      const running = await startServer(config, {
        clock: systemClock,
        random: systemRandom,
        logger,
        isProcess: true,
        droppedLines: () => lines.dropped(),
      });
      for (const warning of config.warnings) {
        logger.warn("check_weakened", { warning });
      }
      lines.flush();
      return {
        publicUrl: running.publicUrl,
        listening: `${config.host.includes(":") ? `[${config.host}]` : config.host}:${running.port}`,
        setupToken: running.setupToken,
        warnings: config.warnings,
        stop: () => running.stop(),
      };
    },

    async migrate(options) {
      const { config, ports } = localWork(options);
      const applied = await migrateDatabase(config.database, ports);
      const status = await migrationStatus(config.database, ports);
      return { applied, version: status.applied.at(-1)?.name ?? "none" };
    },

    async move(options, from, onTable) {
      const { config, ports } = localWork(options);
      const source = sourceOf(from);
      const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
      return moveDatabase(source, config.database, keyEncryption, ports, onTable);
    },

    async sweep(options, { dryRun }) {
      const { config, ports } = localWork(options);
      return withStore(config, ports, (store) =>
        dryRun ? countSweepable(store, config.orphanRetentionMs) : sweepAll(store, config.orphanRetentionMs),
      );
    },

    async backup(options, file) {
      const { config, ports } = localWork(options);
      return backUp(config, ports, file);
    },

    vaultStatus: (options) => onVault(options, ({ keyStore, keyEncryption }) => vaultStatus(keyStore, keyEncryption)),
    rotateDataKey: (options) => onVault(options, rotateDataKey),
    rewrap: (options, settings) =>
      onVault(options, ({ keyStore, keyEncryption }, ports) => rewrapStore(keyStore, keyEncryption, ports, settings)),
    retireDataKey: (options, id) => onVault(options, (parts) => retireDataKey(parts, id)),
    stageKey: (options, next) =>
      onVault(options, async (parts, ports) => stageKeyEncryption(parts, await openNextKey(next, ports))),
    promoteKey: (options) => onVault(options, promoteKeyEncryption),
    unstageKey: (options) => onVault(options, unstageKeyEncryption),

    generateKey: () => new Secret(generateKey(systemRandom)),

    async doctor(options) {
      const { config, ports } = localWork(options);
      const { examine } = await import("./doctor.ts");
      return examine(config, ports);
    },
  };
}

/** Opens store and key-encryption key for one piece of work on the keys. */
function onVault<T>(
  options: ConfigOptions,
  work: (parts: KeyChangeOptions & { readonly keyStore: SqlStore }, ports: VaultWorkPorts) => Promise<T>,
): Promise<T> {
  const { config, ports } = localWork(options);
  return withStore(config, ports, async (keyStore) => {
    const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
    return work({ keyStore, keyEncryption, random: ports.random }, ports);
  });
}

function loggerFor(config: Config, destination: LogDestination = process.stderr): Logger {
  const format = config.logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  return createLogger({ level: config.logLevel, format }, destination);
}

/** What `--from` names. */
function sourceOf(text: string): DatabaseSource {
  try {
    return databaseUrl(text);
  } catch (error) {
    throw isKeywardError(error, "config_invalid")
      ? new KeywardError("config_invalid", { message: `--from ${error.message}` })
      : error;
  }
}

function localWork(options: ConfigOptions) {
  const config = loadConfig(options);
  return { config, ports: { clock: systemClock, random: systemRandom, logger: loggerFor(config) } };
}
