import { describe, expect, it } from "vitest";
import { createDatabase, isPostgresThere } from "../helpers/postgres/database.ts";

describe.skipIf(!isPostgresThere)("the PostgreSQL of the tests", () => {
  it("gives each test an empty database of its own", async () => {
    const [one, two] = [await createDatabase(), await createDatabase()];
    try {
      await one.query("create table only_here (id text)");
      expect(await two.query("select relname from pg_class where relname = 'only_here'")).toEqual([]);
    } finally {
      await one.drop();
      await two.drop();
    }
  });
});
