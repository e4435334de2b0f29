import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { TestFolder } from "../store/sqlite-harness.ts";

/** An empty database for a process that will be killed. */
interface CrashPlace {
  /** As `openLeft` takes it. */
  readonly where: string;
  /** What the engine itself can say of what the dead process left. */
  assertSound(): Promise<void>;
  countTables(): Promise<number>;
  remove(): Promise<void>;
}

/** On a real disk: nothing of these tests is about speed. */
export const CRASH_PLACES: readonly { readonly engine: string; readonly make: () => Promise<CrashPlace> }[] = [
  { engine: "SQLite", make: makeFile },
  ...(isPostgresThere ? [{ engine: "PostgreSQL", make: async () => placeIn(await createDatabase()) }] : []),
];

async function makeFile(): Promise<CrashPlace> {
  const folder = new TestFolder();
  const query = (sql: string): readonly unknown[] => {
    const raw = new DatabaseSync(folder.file());
    try {
      return raw.prepare(sql).all();
    } finally {
      raw.close();
    }
  };
  return {
    where: folder.file(),
    async assertSound() {
      expect(query("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    },
    countTables: async () => query("select name from sqlite_schema").length,
    remove: async () => folder.remove(),
  };
}

function placeIn(database: TestDatabase): CrashPlace {
  return {
    where: database.url,
    assertSound: () => expect.poll(() => connectionsOf(database), { timeout: 10_000 }).toEqual([]),
    countTables: async () =>
      (await database.query("select 1 from pg_class where relnamespace = 'public'::regnamespace")).length,
    remove: () => database.drop(),
  };
}

/** Of gateways: what a dead process held is given back when its connections are gone. */
function connectionsOf({ query }: TestDatabase): Promise<readonly Record<string, unknown>[]> {
  return query(
    "select pid, state from pg_stat_activity where datname = current_database() and application_name = 'keyward'",
  );
}
