import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Harness } from "../contract/fixtures.ts";
import { isPostgresThere } from "../helpers/postgres/database.ts";
import { openPostgresHarness } from "../store/postgres-harness.ts";
import { openSqliteHarness } from "../store/sqlite-harness.ts";

/** Thousands of transactions are about their order, not about the disk; what is about the disk opens files of its own. */
const MEMORY = "/dev/shm";
const FOLDER = existsSync(MEMORY) ? MEMORY : tmpdir();

/** What the fault tests run on. */
export const ENGINES: readonly { readonly engine: string; readonly open: () => Promise<Harness> }[] = [
  { engine: "SQLite", open: () => openSqliteHarness(FOLDER) },
  ...(isPostgresThere ? [{ engine: "PostgreSQL", open: openPostgresHarness }] : []),
];
