import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import type { Harness } from "../contract/fixtures.ts";
import { isPostgresThere } from "../helpers/postgres/database.ts";
import { openPostgresHarness } from "../store/postgres-harness.ts";
import { openSqliteHarness } from "../store/sqlite-harness.ts";

/** Thousands of transactions are about their order, not about the disk; what is about the disk opens files of its own. */
const MEMORY = "/dev/shm";
const FOLDER = existsSync(MEMORY) ? MEMORY : tmpdir();

export interface FaultHarness extends Harness {
  /** One statement behind Keyward's back. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
}

/** What the fault tests run on. */
export const ENGINES: readonly { readonly engine: string; readonly open: () => Promise<FaultHarness> }[] = [
  { engine: "SQLite", open: openInMemory },
  ...(isPostgresThere ? [{ engine: "PostgreSQL", open: openOnServer }] : []),
];

async function openInMemory(): Promise<FaultHarness> {
  const harness = await openSqliteHarness(FOLDER);
  return {
    ...harness,
    async query(sql) {
      const raw = new DatabaseSync(harness.path);
      try {
        return raw.prepare(sql).all();
      } finally {
        raw.close();
      }
    },
  };
}

async function openOnServer(): Promise<FaultHarness> {
  const harness = await openPostgresHarness();
  return { ...harness, query: (sql) => harness.database.query(sql) };
}
