import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Kysely, sql } from "kysely";
import { KeywardError } from "../../core/errors.ts";
import type { KeyReader } from "../../core/key-port.ts";
import { createKeyReader } from "../keys.ts";
import type { Tables } from "../tables.ts";
import { SqliteConnection } from "./connection.ts";
import { findDatabaseFile, unusable } from "./database-file.ts";
import { NodeSqliteDialect, ReaderDriver } from "./dialect.ts";
import { isForeign } from "./migrate.ts";

const OWNER_ONLY = 0o600;

export interface Backup<T> {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** What `verify` found. */
  readonly verified: T;
}

/**
 * Copies the database as it is at one moment, while others read and write it. The copy appears under its name when it is
 * whole, on the disk and verified, or not at all.
 *
 * By `VACUUM INTO`: it reads in one transaction, so that writers neither wait nor make it begin again, and what had been
 * deleted before does not travel with the free pages.
 *
 * @param verify judges the copy by its keys before it gets its name; what it throws is thrown, and nothing is left
 * @throws KeywardError `backup_failed` when there is a file of that name, or it cannot be written; `store_unusable` when
 *   there is no database or it is damaged
 */
export async function backupSqlite<T>(options: {
  readonly path: string;
  readonly to: string;
  readonly verify: (keys: KeyReader) => Promise<T>;
}): Promise<Backup<T>> {
  const from = findDatabaseFile(options.path);
  if (from === undefined) {
    throw unusable(resolve(options.path), "is not there: nothing to copy");
  }
  const to = resolve(options.to);
  const draft = `${to}.new`;
  // Reserves the name: of two backups to one name the second is refused, and nothing that is there is ever replaced.
  await create(to);
  try {
    await create(draft);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  try {
    copy(from, draft);
    const verified = await verifyCopy(draft, options.verify);
    await sync(draft);
    await rename(draft, to);
    await sync(dirname(to));
    const { size: bytes } = await stat(to);
    return { path: to, bytes, verified };
  } catch (error) {
    await rm(draft, { force: true });
    await rm(to, { force: true });
    throw explain(from, to, error);
  }
}

async function create(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "wx", OWNER_ONLY);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw failed(
      reason === "EEXIST"
        ? `There is a file ${path} already. Name another one.`
        : `${path} cannot be made (${reason}).`,
    );
  } finally {
    await file?.close();
  }
}

function copy(from: string, to: string): void {
  const source = new SqliteConnection({ path: from, isReadOnly: true });
  try {
    if (isForeign(source)) {
      throw unusable(from, "belongs to another program. Name another file");
    }
    source.run("vacuum into ?", [to]);
  } finally {
    source.close();
  }
}

async function verifyCopy<T>(path: string, verify: (keys: KeyReader) => Promise<T>): Promise<T> {
  const connection = new SqliteConnection({ path, isReadOnly: true });
  try {
    const { rows } = connection.run("pragma quick_check", []);
    const [first] = rows as readonly { readonly quick_check?: unknown }[];
    if (rows.length !== 1 || first?.quick_check !== "ok") {
      throw failed("The copy is damaged, so the database may be. keyward doctor looks.");
    }
    const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(new ReaderDriver(connection)) });
    return await verify(createKeyReader({ read: (query) => query(db, sql.val(0)) }));
  } finally {
    connection.close();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function failed(message: string): KeywardError {
  return new KeywardError("backup_failed", { message });
}

/** SQLite and the file system say what is wrong in texts of their own, which stay inside. */
function explain(from: string, to: string, error: unknown): unknown {
  if (error instanceof KeywardError) {
    return error;
  }
  return new KeywardError("backup_failed", {
    message: `${from} could not be copied to ${to}. Is there room, and is the database whole? keyward doctor looks.`,
    cause: error,
  });
}
