import { describe, expect, it, onTestFinished } from "vitest";
import { readJournal } from "../../src/store/postgres/migrate.ts";
import { createDatabase, isPostgresThere } from "../helpers/postgres/database.ts";
import { connectClient } from "./postgres-harness.ts";

/*
 * Of ten replicas that started at once on an empty database one failed: "relation settings already exists". It had found no
 * journal, waited for the lock while another one migrated, and then found none again, because a server process remembers
 * within a transaction that a name was not there.
 */
describe.skipIf(!isPostgresThere)("a replica that waits for another one's migration", () => {
  it("A68: reads the journal anew when it has the lock", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const client = await connectClient(database);

    await client.query({ text: "begin" });
    expect(await readJournal(client)).toEqual([]);
    // Not a whole migration: that is so much news that the server tells it to everybody by itself, mostly in time.
    await database.query("create table schema_migrations (name text, checksum text, applied_at int8)");
    await database.query("insert into schema_migrations values ('0001_init', 'sum', 1)");
    expect(await readJournal(client)).toHaveLength(1);
    await client.query({ text: "rollback" });
  });
});
