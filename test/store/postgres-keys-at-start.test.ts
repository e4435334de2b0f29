import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runKeyward } from "../helpers/keyward-process.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { setScene } from "../helpers/scene.ts";

/* What `test/e2e/first-start.test.ts` asks of a file: a start with the wrong keys, on a server that holds values. */

const KEY = Buffer.alloc(32, 1).toString("base64");
const OTHER_KEY = Buffer.alloc(32, 2).toString("base64");
const SHORT_KEY = Buffer.alloc(31, 1).toString("base64");

describe.skipIf(!isPostgresThere)("a start on a PostgreSQL that holds values", () => {
  let folder: string;
  let settled: TestDatabase;
  /** A copy of it for each test. */
  let database: TestDatabase;

  beforeAll(async () => {
    settled = await createDatabase();
    const env = { KEYWARD_DATABASE_URL: settled.url, KEYWARD_ENCRYPTION_KEY: KEY };
    const scene = await setScene({ gateway: { env } });
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
    await scene.close();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "keyward-start-"));
    database = await createDatabase({ template: settled.name });
  });
  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => settled.drop());

  /** Every row of every table. */
  async function everything(): Promise<readonly unknown[]> {
    const tables = await database.query(
      "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname",
    );
    const rows = [];
    for (const { relname } of tables) {
      const name = String(relname);
      rows.push([name, await database.query(`select row_to_json(t)::text from ${name} as t order by 1`)]);
    }
    return rows;
  }

  it.each([
    ["another key", { KEYWARD_ENCRYPTION_KEY: OTHER_KEY }, /\(encryption_key_wrong\)/],
    ["no key", {}, /\(config_invalid\)/],
    ["a key of 31 bytes", { KEYWARD_ENCRYPTION_KEY: SHORT_KEY }, /31 bytes|32 bytes/],
    ["two keys", { KEYWARD_ENCRYPTION_KEY: KEY, KEYWARD_ENCRYPTION_KEY_FILE: "key" }, /only one/i],
  ] as const)(
    "A24: with %s is refused, and writes nothing; a wrong one names the right one",
    async (_what, keys, why) => {
      writeFileSync(join(folder, "key"), KEY, { mode: 0o600 });
      const before = await everything();
      const { exitCode, stderr } = await serve(keys);
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr).toMatch(why);
      const [row] = await database.query("select kek_id from data_keys limit 1");
      expect(stderr.includes(String(row?.["kek_id"]))).toBe(why.source.includes("wrong"));
      for (const key of [KEY, OTHER_KEY, SHORT_KEY]) expect(stderr).not.toContain(key);
      expect(await everything()).toEqual(before);
    },
  );

  it.each(["keycheck", "data_keys"])("A24: whose %s has gone is refused, and makes no new keys", async (table) => {
    await database.query(`delete from ${table}`);
    const before = await everything();
    const { exitCode, stderr } = await serve({ KEYWARD_ENCRYPTION_KEY: KEY });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("Restore it from a backup")]);
    expect(await everything()).toEqual(before);
  });

  function serve(keys: Readonly<Record<string, string>>) {
    const env = { KEYWARD_DATABASE_URL: database.url, ...keys };
    return runKeyward(["serve", "--port", "0"], { cwd: folder, env });
  }
});
