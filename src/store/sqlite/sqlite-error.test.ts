import { describe, expect, it } from "vitest";
import { ERROR_TABLE, KeywardError } from "../../core/errors.ts";
import { UniqueViolation } from "../engine.ts";
import { fromEngine, fromStatement, isBusy } from "./sqlite-error.ts";

/** As `node:sqlite` throws it; the text quotes what it should not. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("s3cr3t in the driver's text"), { code: "ERR_SQLITE_ERROR", errcode });
}

describe("errors of SQLite", () => {
  it.each([
    ["BUSY", 5],
    ["BUSY_RECOVERY", 261],
    ["READONLY", 8],
    ["IOERR", 10],
    ["IOERR_FSYNC", 1034],
    ["CORRUPT", 11],
    ["FULL", 13],
    ["CANTOPEN", 14],
    ["NOTADB", 26],
  ])("A63: %s means that the store could not be asked, in Keyward's own words", (_, errcode) => {
    const cause = sqliteError(errcode);
    const error = fromEngine(cause);
    expect(error).toBeInstanceOf(KeywardError);
    expect(error).toMatchObject({
      code: "credential_store_unavailable",
      message: ERROR_TABLE.credential_store_unavailable.message,
      cause,
    });
  });

  it.each([275, 787, 3091])("a constraint that no query expects (%i) is a fault of this program", (errcode) => {
    expect(fromEngine(sqliteError(errcode))).toMatchObject({ code: "internal", message: ERROR_TABLE.internal.message });
  });

  it.each([1555, 2067])("a unique index (%i) is something that a query may expect", (errcode) => {
    const error = fromStatement(sqliteError(errcode));
    expect(error).toBeInstanceOf(UniqueViolation);
    expect(fromEngine(error)).toMatchObject({ code: "internal" });
  });

  it("pass as they are when they are not SQLite's", () => {
    const own = new KeywardError("name_taken");
    const bug = new TypeError("a bug");
    expect(fromEngine(own)).toBe(own);
    expect(fromEngine(bug)).toBe(bug);
    expect(fromStatement(bug)).toBe(bug);
    expect(isBusy(bug)).toBe(false);
  });
});
