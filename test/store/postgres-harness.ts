import { Client } from "pg";
import { onTestFinished } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { migratePostgres, openPostgresStore, type PostgresStore } from "../../src/postgres.ts";
import { connectionOptions } from "../../src/store/postgres/connections.ts";
import type { PgClient } from "../../src/store/postgres/pg-client.ts";
import type { Harness } from "../contract/fixtures.ts";
import { createDatabase, type TestDatabase } from "../helpers/postgres/database.ts";
import { random, TestClock } from "./sqlite-harness.ts";

export interface PostgresHarness extends Harness {
  readonly database: TestDatabase;
}

let migrated: Promise<TestDatabase> | undefined;

/** A database with the tables in it: copying one takes a fraction of what the migrations take. */
async function migratedTemplate(): Promise<TestDatabase> {
  const database = await createDatabase();
  await migratePostgres({ url: new Secret(database.url), clock: new TestClock(), random });
  return database;
}

/** A connection as Keyward makes them, until the test ends. */
export async function connectClient(database: TestDatabase): Promise<PgClient> {
  const client: PgClient = new Client(connectionOptions(database.url));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

export async function openPostgresHarness(): Promise<PostgresHarness> {
  migrated ??= migratedTemplate();
  const database = await createDatabase({ template: (await migrated).name });
  const clock = new TestClock();
  const opened: PostgresStore[] = [];
  let statements = 0;

  async function open(): Promise<PostgresStore> {
    const store = await openPostgresStore({
      url: new Secret(database.url),
      clock,
      random,
      serverTime: () => clock.now(),
      onStatement: () => {
        statements += 1;
      },
    });
    opened.push(store);
    return store;
  }

  const store = await open();
  return {
    database,
    store,
    another: open,
    reopen: async () => {
      await store.close();
      return open();
    },
    advance: (ms) => clock.advance(ms),
    now: () => clock.now(),
    countStatements: async (work) => {
      const before = statements;
      await work();
      return statements - before;
    },
    close: async () => {
      await Promise.all(opened.map((handle) => handle.close()));
      await database.drop();
    },
  };
}
