import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { KeywardError } from "../../core/errors.ts";
import { unavailable } from "../engine.ts";

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

// Linux `statfs` types where locks or shared memory do not reach every process: NFS, SMB1, CIFS, SMB2, AFS, Ceph, 9p.
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400, 0x01021997,
]);

/**
 * Makes sure that there is a file which SQLite can work on, readable by its owner only, before SQLite opens it: what
 * SQLite creates itself has the mode of the umask, and `-wal` and `-shm` take over the mode of the file.
 *
 * @returns the absolute path, and whether the file was created
 * @throws KeywardError `store_unusable`; names the path and what to do
 */
export function prepareDatabaseFile(path: string): { readonly path: string; readonly isNew: boolean } {
  if (path === "" || path.startsWith(":") || path.startsWith("file:")) {
    throw unusable(path, "is not a path. Name a file: a database in memory cannot be shared or kept");
  }
  const absolute = resolve(path);
  const found = stat(absolute);
  if (found === undefined) {
    refuseLostDatabase(absolute);
    create(absolute);
  } else if (!found.isFile()) {
    throw unusable(absolute, found.isDirectory() ? "is a directory. Name a file in it" : "is not a file. Name a file");
  } else if (found.size === 0) {
    refuseLostDatabase(absolute);
  }
  restrict(absolute);
  refuseNetworkFileSystem(absolute);
  return { path: absolute, isNew: found === undefined };
}

/** The same look, without creating or changing anything. @returns undefined when there is no file */
export function findDatabaseFile(path: string): string | undefined {
  const absolute = resolve(path);
  return stat(absolute) === undefined ? undefined : absolute;
}

/** A path that cannot be used: names the path and what to do, never a driver's text. */
export function unusable(path: string, what: string, cause?: unknown): KeywardError {
  return new KeywardError("store_unusable", { message: `The database ${path} ${what}.`, details: { path }, cause });
}

function stat(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, "cannot be reached. Check that each folder of the path is one and may be entered", error);
  }
}

// SQLite would take an empty file beside a log of another one, drop the log and start anew: acknowledged writes are in it.
function refuseLostDatabase(path: string): void {
  if ((stat(`${path}-wal`)?.size ?? 0) > 0) {
    throw unusable(
      path,
      "is missing, but its write-ahead log (-wal) is there. Put the database file back, or move the log away to start anew",
    );
  }
}

function create(path: string): void {
  try {
    createFolder(dirname(path));
    createUnlessThere(() =>
      closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, OWNER_ONLY_FILE)),
    );
  } catch (error) {
    throw unusable(path, "cannot be created. Check that its folder can be created and written", error);
  }
}

// Folder by folder: `mkdirSync` with `recursive` never returns where a file system answers ENOENT, as /proc does (Node 24).
function createFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    createFolder(dirname(path));
    createUnlessThere(() => mkdirSync(path, OWNER_ONLY_DIRECTORY));
  }
}

/** Two processes may start at once: what the other one has created does as well. */
function createUnlessThere(create: () => unknown): void {
  try {
    create();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      throw error;
    }
  }
}

function restrict(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw unusable(path, "cannot be written. Check the permissions of the file and its folder, and the mount", error);
  }
  try {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      if (((stat(file)?.mode ?? 0) & 0o077) !== 0) {
        chmodSync(file, OWNER_ONLY_FILE);
      }
    }
  } catch (error) {
    throw unusable(path, "can be read by others, and its mode cannot be changed. Run: chmod 600 on the file", error);
  }
}

function refuseNetworkFileSystem(path: string): void {
  if (isNetworkFileSystem(statfsSync(path).type)) {
    throw unusable(
      path,
      "lies on a network file system, where SQLite's locks do not hold. Use a local disk, or PostgreSQL",
    );
  }
}

export function isNetworkFileSystem(type: number): boolean {
  return NETWORK_FILE_SYSTEMS.has(type);
}

/**
 * Notices that the database or its log was deleted or replaced while open. SQLite would go on writing into the file that
 * no longer has a name, and every acknowledged write would be gone after the next start.
 */
export class FileWatch {
  readonly #files: readonly { readonly path: string; readonly inode: number | undefined }[];

  constructor(path: string) {
    this.#files = [path, `${path}-wal`].map((file) => ({ path: file, inode: stat(file)?.ino }));
  }

  /** @throws KeywardError `credential_store_unavailable` */
  assertInPlace(): void {
    for (const { path, inode } of this.#files) {
      if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) {
        throw unavailable(new Error("the database file was moved, replaced or deleted while it was open"));
      }
    }
  }
}
