import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { KeywardError } from "../core/errors.ts";
import type { KnownMigration } from "./migration-plan.ts";

const FILE_NAME = /^(\d{4}_[a-z0-9_]+)\.sql$/;

/** @throws KeywardError `migration_failed` when the folder cannot be read */
export function readMigrations(folder: URL): readonly KnownMigration[] {
  try {
    return readdirSync(folder)
      .map((file) => FILE_NAME.exec(file)?.[1])
      .filter((name) => name !== undefined)
      .toSorted()
      .map((name) => {
        // A checkout that turns line ends into CRLF has not edited the migration.
        const sql = readFileSync(new URL(`${name}.sql`, folder), "utf8").replaceAll("\r\n", "\n");
        return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
      });
  } catch (error) {
    throw new KeywardError("migration_failed", {
      message: "The migrations that belong to this program cannot be read. Install it again.",
      cause: error,
    });
  }
}
