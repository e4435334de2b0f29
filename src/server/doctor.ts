import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isKeywardError } from "../core/errors.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import type { Server } from "../core/server.ts";
import { type ClosableUpstream, createUpstream } from "../upstream/upstream.ts";
import { readVaultStatus } from "../vault/open-vault.ts";
import type { Config } from "./config/config.ts";
import type { SqlStore } from "../store/sql-store.ts";
import { isDatabaseThere, migrationStatus, openExistingStore, schemaDrift, whyNotThere } from "./database.ts";
import { openKeyEncryption } from "./key-encryption.ts";
import { clockSkew, MAX_SKEW_MS, WARNED_SKEW_MS } from "./readiness.ts";

/** What one look at the installation found. */
export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  readonly fix?: string;
}

interface DoctorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const GROUP_AND_OTHERS = 0o077;

/** Looks at configuration, schema, keys, file modes and upstreams. Changes nothing; never throws for what it finds. */
export async function examine(config: Config, ports: DoctorPorts): Promise<readonly Finding[]> {
  const findings: Finding[] = [...examineConfig(config), ...examineRuntime()];
  const schema = await examineSchema(config, ports);
  findings.push(schema, ...examineModes(config));
  // Opening the store would create or migrate it: a doctor only looks.
  if (schema.level === "ok") {
    findings.push(...(await examineStore(config, ports)));
  }
  return findings;
}

function examineConfig(config: Config): readonly Finding[] {
  const ok: Finding = { check: "configuration", level: "ok", message: "No check is weakened." };
  const warnings = config.warnings.map((message): Finding => ({ check: "configuration", level: "warning", message }));
  return warnings.length === 0 ? [ok] : warnings;
}

function examineRuntime(): readonly Finding[] {
  return [{ check: "runtime", level: "ok", message: `Node ${process.versions.node}.` }];
}

async function examineSchema({ database }: Config, ports: DoctorPorts): Promise<Finding> {
  const check = "schema";
  try {
    if (!(await isDatabaseThere(database, ports))) {
      const message = whyNotThere(database);
      return { check, level: "warning", message, fix: "Run keyward serve, or keyward migrate." };
    }
    const { applied, pending } = await migrationStatus(database, ports);
    return pending.length === 0
      ? { check, level: "ok", message: `Up to date (${applied.at(-1)?.name ?? "empty"}).` }
      : { check, level: "warning", message: `${pending.length} migration(s) to apply.`, fix: "Run keyward migrate." };
  } catch (error) {
    return failed(check, error);
  }
}

function examineModes(config: Config): readonly Finding[] {
  const { database } = config;
  const paths = database.kind === "sqlite" ? [database.path, `${database.path}-wal`, `${database.path}-shm`] : [];
  if (config.encryptionKey.kind === "file" || config.encryptionKey.kind === "generated_file") {
    paths.push(config.encryptionKey.path);
  }
  const open = paths.filter((path) => existsSync(path) && (statSync(path).mode & GROUP_AND_OTHERS) !== 0);
  return open.length === 0
    ? [{ check: "file modes", level: "ok", message: "Files are accessible to their owner only." }]
    : open.map((path) => ({
        check: "file modes",
        level: "error",
        message: `${path} is accessible to others than its owner.`,
        fix: `chmod 600 ${path}`,
      }));
}

async function examineStore(config: Config, ports: DoctorPorts): Promise<readonly Finding[]> {
  let store: SqlStore;
  try {
    store = await openExistingStore(config.database, ports);
  } catch (error) {
    return [failed("database", error)];
  }
  try {
    return [
      ...(await examineDrift(config, ports)),
      await examineWrites(store),
      await examineClock(store, ports),
      await examineKeys(config, store, ports),
      examineBackups(config),
      ...(await examineServers(config, store, ports)),
    ];
  } finally {
    await store.close();
  }
}

/** Tables that were altered by hand; what is still to be migrated has been told before. */
async function examineDrift({ database }: Config, ports: DoctorPorts): Promise<readonly Finding[]> {
  const check = "schema";
  try {
    const names = await schemaDrift(database, ports);
    if (names === null) {
      const message = "Not compared with the migrations: this user may not create a schema for a moment.";
      return [{ check, level: "warning", message, fix: "Grant it CREATE on the database, or run this as the owner." }];
    }
    const message = `Not as the migrations have made it: ${names.join(", ")}.`;
    const fix = "Find out who altered it. Restore a backup if you cannot undo it.";
    return names.length === 0 ? [] : [{ check, level: "warning", message, fix }];
  } catch (error) {
    return [failed(check, error)];
  }
}

async function examineClock(store: SqlStore, ports: DoctorPorts): Promise<Finding> {
  const check = "clock";
  try {
    const skewMs = await clockSkew(store, ports.clock);
    const seconds = Math.round(Math.abs(skewMs) / 1_000);
    if (Math.abs(skewMs) <= WARNED_SKEW_MS) {
      return { check, level: "ok", message: "The database's clock and this machine's agree." };
    }
    return {
      check,
      level: Math.abs(skewMs) > MAX_SKEW_MS ? "error" : "warning",
      message: `The database's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's.`,
      fix: "Let both machines take their time from the network. Beyond 5 minutes /readyz says no.",
    };
  } catch (error) {
    return failed(check, error);
  }
}

/** Each is useless without the other, to whoever restores them, and to whoever steals them. */
function examineBackups({ encryptionKey, database }: Config): Finding {
  const check = "backups";
  const isBeside =
    database.kind === "sqlite" &&
    (encryptionKey.kind === "file" || encryptionKey.kind === "generated_file") &&
    dirname(encryptionKey.path) === dirname(database.path);
  return isBeside
    ? {
        check,
        level: "warning",
        message: `${encryptionKey.path} lies beside the database: whoever has a copy of that folder can read all values.`,
        fix: "Copy the database with keyward backup, and keep the key somewhere else.",
      }
    : {
        check,
        level: "ok",
        message: `Copy the database with ${database.kind === "sqlite" ? "keyward backup" : "pg_dump"}, and try now and then whether it restores.`,
      };
}

async function examineWrites(store: SqlStore): Promise<Finding> {
  try {
    await store.ping();
    return { check: "database", level: "ok", message: "Reads and writes." };
  } catch (error) {
    return failed("database", error);
  }
}

/** Random nonces are safe for 2^32 seals under one key (NIST SP 800-38D section 8.3). */
const MANY_SEALS = 2 ** 30;

async function examineKeys(config: Config, store: SqlStore, ports: DoctorPorts): Promise<Finding> {
  const check = "encryption key";
  try {
    if (config.encryptionKey.kind === "generated_file" && (await store.listKeys()).length === 0) {
      return { check, level: "ok", message: "The first start will make one." };
    }
    const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
    const { kekId, keys } = await readVaultStatus({ keyStore: store, keyEncryption });
    if (keys.some(({ kind, state, seals }) => kind === "data" && state === "current" && seals >= MANY_SEALS)) {
      const message = "The current data key has sealed a quarter of what one key may.";
      return { check, level: "warning", message, fix: "Run keyward vault rotate." };
    }
    const message = `${kekId} opens this database. Keep a copy of it apart from the database's backups.`;
    return { check, level: "ok", message };
  } catch (error) {
    return failed(check, error);
  }
}

const MAX_SERVERS = 500;

async function examineServers(config: Config, store: SqlStore, ports: DoctorPorts): Promise<readonly Finding[]> {
  const upstream = createUpstream({ allowPrivate: config.allowedPrivateUpstreams, ...ports });
  try {
    const { items } = await store.listServers({ limit: MAX_SERVERS });
    return await Promise.all(items.map((server) => examineServer(server, upstream)));
  } finally {
    await upstream.close();
  }
}

async function examineServer(
  server: Server,
  upstream: Pick<ClosableUpstream, "assertAllowed" | "reach">,
): Promise<Finding> {
  const check = `server ${server.name}`;
  const url = new URL(server.url);
  try {
    await upstream.assertAllowed(url);
    await upstream.reach(url);
    return server.status === "ready"
      ? { check, level: "ok", message: "It answers." }
      : { check, level: "warning", message: `Its status is ${server.status}: nobody can use it.` };
  } catch (error) {
    // It may be back in a minute, and nothing is wrong with Keyward.
    return isKeywardError(error, "upstream_unreachable")
      ? {
          check,
          level: "warning",
          message: "It does not answer.",
          fix: "Check name, port, certificate and firewall from this machine.",
        }
      : failed(check, error);
  }
}

function failed(check: string, error: unknown): Finding {
  return { check, level: "error", message: isKeywardError(error) ? error.message : "It could not be examined." };
}
