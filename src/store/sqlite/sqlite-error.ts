import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { unavailable, UniqueViolation } from "../engine.ts";

/** https://sqlite.org/rescode.html; extended codes carry the primary one in their low byte. */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_IOERR_WRITE = 778;
const SQLITE_CONSTRAINT = 19;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/** The extended result code; null when the error is not one of SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") {
    return error.errcode;
  }
  return null;
}

export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== null && (code & 0xff) === SQLITE_BUSY;
}

/** The disk, or a quota, has no room, or the write failed for another reason of the disk's. */
export function isUnwritten(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_FULL || code === SQLITE_IOERR_WRITE;
}

/** An error of a single statement: a unique index that was met becomes an error that a query may expect. */
export function fromStatement(error: unknown): unknown {
  const code = sqliteCode(error);
  return code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY
    ? new UniqueViolation("a unique index was met", { cause: error })
    : error;
}

/**
 * What leaves the store. A driver's text never does: it can quote a value. Disk full, read-only, busy, corrupt and closed
 * all mean that the store could not be asked; a constraint that no query expects is a fault of this program.
 */
export function fromEngine(error: unknown): unknown {
  if (isKeywardError(error)) {
    return error;
  }
  const code = sqliteCode(error);
  if (error instanceof UniqueViolation || (code !== null && (code & 0xff) === SQLITE_CONSTRAINT)) {
    return new KeywardError("internal", { cause: error });
  }
  return code !== null || isClosed(error) ? unavailable(error) : error;
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_STATE";
}
