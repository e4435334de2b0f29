import { constants } from "node:fs";
import { type FileHandle, link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KeywardError } from "../../core/errors.ts";
import type { Random } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import { generateKey } from "../key-text.ts";

const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;
const MAX_FILE_BYTES = 1024;
const HAS_POSIX_MODES = process.platform !== "win32";

/**
 * Reads the text of a key file, without one trailing newline.
 *
 * @throws KeywardError `encryption_key_missing` when there is no such file; `encryption_key_invalid` when it cannot be
 *   read, is no regular file, or anyone but its owner may access it
 */
export async function readKeyFile(path: string): Promise<Secret<string>> {
  const file = await openKeyFile(path);
  try {
    await assertPrivate(file, path);
    const text = await file.readFile("utf8");
    return new Secret(text.replace(/\r?\n$/, ""));
  } catch (error) {
    throw error instanceof KeywardError ? error : unusable(path, `cannot be read (${reasonOf(error)})`);
  } finally {
    await file.close();
  }
}

async function openKeyFile(path: string): Promise<FileHandle> {
  try {
    // O_NONBLOCK: opening a pipe would otherwise wait for its writer, for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (reasonOf(error) === "ENOENT") {
      throw new KeywardError("encryption_key_missing", { message: `The key file ${path} does not exist.` });
    }
    throw unusable(path, `cannot be read (${reasonOf(error)})`);
  }
}

/** Looks at the file that is open, not at its path: what lies there may be another one by the time it is read. */
async function assertPrivate(file: FileHandle, path: string): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile()) {
    throw unusable(path, "is not a regular file");
  }
  if (HAS_POSIX_MODES && (stats.mode & GROUP_AND_OTHERS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    throw unusable(path, `is open to others than its owner (mode ${mode}); run chmod 600 on it`);
  }
  if (stats.size > MAX_FILE_BYTES) {
    throw unusable(path, `has ${stats.size} bytes; a key file holds one line of 44 characters`);
  }
}

/**
 * Makes a key file that only its owner may read. It never replaces one, and it appears whole or not at all: whoever
 * loses the race to make it reads the winner's complete key. It is on the disk when this returns, because a database
 * whose key did not survive a power loss is lost.
 *
 * @returns false when there was a file already
 * @throws KeywardError `encryption_key_missing` when it cannot be made
 */
export async function createKeyFile(path: string, random: Random): Promise<boolean> {
  const draft = `${path}.${Buffer.from(random.bytes(8)).toString("hex")}.new`;
  try {
    await writeDurably(draft, `${generateKey(random)}\n`);
    return await publish(draft, path);
  } catch (error) {
    throw new KeywardError("encryption_key_missing", {
      message: `There is no encryption key, and the key file ${path} cannot be made (${reasonOf(error)}).`,
    });
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** `link` makes a complete file appear under a name that must be free; `rename` would replace what is there. */
async function publish(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
  } catch (error) {
    if (reasonOf(error) === "EEXIST") {
      return false;
    }
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

async function syncFolder(path: string): Promise<void> {
  if (!HAS_POSIX_MODES) {
    return;
  }
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unusable(path: string, what: string): KeywardError {
  return new KeywardError("encryption_key_invalid", { message: `The key file ${path} ${what}.` });
}

/** The system's name of the error, such as `EACCES`; never its text. */
function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
