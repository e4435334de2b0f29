import { describe, expect, it, onTestFinished } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { migratePostgres } from "../../src/postgres.ts";
import { isForeign } from "../../src/store/postgres/migrate.ts";
import type { PgClient } from "../../src/store/postgres/pg-client.ts";
import { createDatabase, isPostgresThere } from "../helpers/postgres/database.ts";
import { connectClient } from "./postgres-harness.ts";
import { random, TestClock } from "./sqlite-harness.ts";

describe.skipIf(!isPostgresThere)("a replica that starts while another one makes the tables", () => {
  it("A68: does not take them for another program's, whenever they come", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const client = await connectClient(database);

    let asked = 0;
    const meanwhile: Pick<PgClient, "query"> = {
      async query(query) {
        const result = await client.query(query);
        asked += 1;
        // Between its first question and whatever it would ask next, all of the other's migration comes.
        if (asked === 1) await migratePostgres({ url: new Secret(database.url), clock: new TestClock(), random });
        return result;
      },
    };
    expect([await isForeign(meanwhile), await isForeign(client)]).toEqual([false, false]);
  });

  it("A68: takes tables without Keyward's journal for another program's", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    await database.query("create table theirs (id int)");
    const client = await connectClient(database);
    expect(await isForeign(client)).toBe(true);
  });
});
