import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HeaderFieldInput, type HeaderSchema, parseHeaderSchema } from "../../src/core/header-schema.ts";
import { datedFormats } from "../../src/core/schema-change.ts";
import type { Server } from "../../src/core/server.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createServer, entry, upsert, user } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const PEOPLE = 10_000;
const KEY = { name: "x-key" };
const TENANT = { name: "x-tenant", isRequired: false };

let folder: TestFolder;
let store: SqliteStore;
let statements: string[];

beforeEach(async () => {
  folder = new TestFolder();
  statements = [];
  const onStatement = (sql: string): void => void statements.push(sql);
  store = await openSqliteStore({ path: folder.file(), clock: new TestClock(), random, onStatement });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

function inDatabase<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(folder.file());
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Every second of so many people has a tenant besides the key. */
async function connect(people: number): Promise<Server> {
  const server = await createServer(store, { headerSchema: parseHeaderSchema([KEY, TENANT]) });
  const names = [["x-key", "x-tenant"], ["x-key"]] as const;
  for (const [at, fieldNames] of names.entries()) await upsert(store, server, user(`${at}`), { fieldNames });
  inDatabase((database) => {
    const columns = database.prepare("select name from pragma_table_info('header_credentials')").all();
    const others = columns.map(({ name }) => String(name)).filter((name) => name !== "id" && name !== "identity_id");
    database.exec(`
      with recursive person(n) as (select 2 union all select n + 1 from person where n < ${people - 1})
      insert into header_credentials (id, identity_id, ${others.join(", ")})
      select likeness.id || '_' || n, n, ${others.map((name) => `likeness.${name}`).join(", ")}
      from person join header_credentials as likeness on likeness.identity_id = cast(n % 2 as text)
      where likeness.server_id = '${server.id}'`);
  });
  return server;
}

/** What an administrator's edit does, as the registry hands it to the store. */
async function edit(id: string, ...fields: HeaderFieldInput[]) {
  const server = await store.findServer(id);
  if (server === null) throw new Error("the server is gone");
  const headerSchema: HeaderSchema = datedFormats(
    server.headerSchema,
    parseHeaderSchema(fields),
    server.schemaRevision + 1,
  );
  const from = statements.length;
  const { reconciliation } = await store.updateServer(id, server.version, { headerSchema }, entry("server.updated"));
  return { reconciliation, statements: statements.slice(from) };
}

function countByStatus(): unknown {
  const sql = "select status, count(*) as count from header_credentials group by status order by status";
  return inDatabase((database) =>
    database
      .prepare(sql)
      .all()
      .map(({ status, count }) => `${String(count)} ${String(status)}`),
  );
}

describe(`an edit of the header schema of ${PEOPLE} people`, () => {
  it.each<[string, HeaderFieldInput[]]>([
    ["a label", [{ ...KEY, label: "Your key" }, TENANT]],
    ["a help text and the order", [TENANT, { ...KEY, help: "From settings." }]],
    ["an optional field more", [KEY, TENANT, { name: "x-region", isRequired: false, choices: ["eu"] }]],
    ["a field less", [KEY]],
  ])("of %s leaves all of them active", async (_what, fields) => {
    const server = await connect(PEOPLE);
    expect((await edit(server.id, ...fields)).reconciliation).toMatchObject({ needsUpdate: 0 });
    expect(countByStatus()).toEqual([`${PEOPLE} active`]);
  });

  it.each<[string, HeaderFieldInput[]]>([
    ["that requires a field asks exactly those who lack it", [KEY, { name: "x-tenant" }]],
    ["that narrows a format asks exactly those who have a value for it", [KEY, { ...TENANT, pattern: "t-\\d+" }]],
  ])("%s, and a return wakes them", async (_what, fields) => {
    const server = await connect(PEOPLE);
    expect((await edit(server.id, ...fields)).reconciliation).toMatchObject({ needsUpdate: PEOPLE / 2 });
    expect(countByStatus()).toEqual([`${PEOPLE / 2} active`, `${PEOPLE / 2} needs_update`]);
    await edit(server.id, KEY, TENANT);
    expect(countByStatus()).toEqual([`${PEOPLE} active`]);
  });

  it("is one transaction of as many statements as for four people", async () => {
    const fields = [KEY, { name: "x-tenant", template: "tenant={value}" }];
    const few = await edit((await connect(4)).id, ...fields);
    const many = await edit((await connect(PEOPLE)).id, ...fields);
    expect(many.reconciliation.needsUpdate).toBe(PEOPLE);
    expect(many.statements.length).toBe(few.statements.length);
    expect(many.statements.filter((sql) => /^begin/i.test(sql))).toHaveLength(1);
  });
});
