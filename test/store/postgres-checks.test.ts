import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { migratePostgres } from "../../src/postgres.ts";
import { MIGRATIONS_FOLDER } from "../../src/store/postgres/migrate.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { random, TestClock } from "./sqlite-harness.ts";

describe("what PostgreSQL checks in each row that is written", () => {
  // It unrolls `{1,255}` into as many states, which cost more CPU than the rest of writing a row.
  it("has no expression with a counted repetition", () => {
    const counted = readdirSync(MIGRATIONS_FOLDER).flatMap((file) =>
      [...readFileSync(new URL(file, MIGRATIONS_FOLDER), "utf8").matchAll(/~\*?\s*'[^']*\{\d+(?:,\d*)?\}[^']*'/g)].map(
        ([found]) => `${file}: ${found}`,
      ),
    );
    expect(counted).toEqual([]);
  });
});

describe.skipIf(!isPostgresThere)("an identity id in a row on PostgreSQL", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migratePostgres({ url: new Secret(database.url), clock: new TestClock(), random });
  });
  afterAll(() => database.drop());

  /** @returns the name of the check that refuses the row, or null */
  async function refusedBy(id: string): Promise<string | null> {
    const text = `'${id.replaceAll("'", "''")}'`;
    try {
      // Without the server that the row refers to.
      await database.query(`set session_replication_role = replica;
        insert into identity_access (server_id, auth_mode, identity_id, epoch) values ('srv_none', 'user', ${text}, 1)`);
      return null;
    } catch (error) {
      return (error as { readonly constraint?: string }).constraint ?? String(error);
    }
  }

  it.each(["a", "~", "!", "Alice", "x".repeat(255)])("A13: may be %s", async (id) => {
    expect(await refusedBy(id)).toBeNull();
  });

  it.each(["", "x".repeat(256), "a b", "a\n", "\ta", "é", "a\u007f", "а"])("A13: may not be %j", async (id) => {
    expect(await refusedBy(id)).toBe("identity_access_identity_id_check");
  });

  it("A13: is checked in the same way in every table that has one and refers to a server", async () => {
    const rows = await database.query(`select conrelid::regclass::text as name, pg_get_constraintdef(oid) as rule
      from pg_constraint where conname like '%\\_identity\\_id\\_check' order by 1`);
    expect(rows.map(({ name }) => name)).toEqual([
      "header_credentials",
      "identity_access",
      "server_grants",
      "submission_flows",
    ]);
    expect(new Set(rows.map(({ rule }) => rule)).size).toBe(1);
  });
});
