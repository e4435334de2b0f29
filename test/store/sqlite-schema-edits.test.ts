import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HeaderFieldInput } from "../../src/core/header-schema.ts";
import type { Server } from "../../src/core/server.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createServer, entry, schemaOf, someone, upsert } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

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

const OPTIONAL_B: HeaderFieldInput = { name: "b", isRequired: false };

/** A server that wants `a` and takes `b`, with so many credentials: each third has both. */
async function serverWithCredentials(count: number): Promise<Server> {
  const server = await createServer(store, { headerSchema: schemaOf("a", OPTIONAL_B) });
  const { id } = await upsert(store, server, someone("one"), { fieldNames: ["a", "b"] });
  const raw = new DatabaseSync(folder.file());
  raw
    .prepare(`
      with recursive number (n) as (select 2 union all select n + 1 from number where n < ?)
      insert into header_credentials (id, server_id, auth_mode, identity_id, origin, schema_revision, field_names,
        sealed, key_id, version, status, status_changed_at, verification, verified_at, created_at, updated_at)
      select 'cred_' || n || server_id, server_id, auth_mode, 'ses_' || n, origin, schema_revision,
        case when n % 3 = 1 then '["a","b"]' else '["a"]' end,
        sealed, key_id, version, status, status_changed_at, verification, verified_at, created_at, updated_at
      from number, header_credentials where id = ?
    `)
    .run(count, id);
  raw.close();
  return server;
}

function statusesOf(server: Server) {
  const raw = new DatabaseSync(folder.file(), { readOnly: true });
  const rows = raw
    .prepare(`
      select status, field_names, count(*) as n from header_credentials where server_id = ?
      group by status, field_names order by status, field_names
    `)
    .all(server.id);
  raw.close();
  return rows.map((row) => [row["status"], row["field_names"], row["n"]]);
}

describe("an edit of the schema of a server with 10,000 credentials", () => {
  it("bothers exactly those whom it must, in one transaction and as many statements as with 10", async () => {
    const costs: number[][] = [];
    for (const count of [10, 10_000]) {
      const server = await serverWithCredentials(count);
      const both = Math.ceil(count / 3);
      const asBefore = [
        ["active", '["a","b"]', both],
        ["active", '["a"]', count - both],
      ];
      expect(statusesOf(server)).toEqual(asBefore);
      let version = 1;
      const edit = async (...fields: readonly (string | HeaderFieldInput)[]) => {
        statements.length = 0;
        const change = { headerSchema: schemaOf(...fields) };
        const { reconciliation } = await store.updateServer(server.id, version, change, entry("server.updated"));
        version += 1;
        expect(statements.filter((sql) => /^(?:begin|commit)/i.test(sql))).toEqual(["begin immediate", "commit"]);
        return { reconciliation, cost: statements.length };
      };
      const nobody = { orphaned: 0, reactivated: 0, needsUpdate: 0, people: 0 };

      const label = await edit({ name: "a", label: "Key", help: "Ask." }, OPTIONAL_B);
      expect(label.reconciliation).toEqual(nobody);
      const optional = await edit("a", OPTIONAL_B, { name: "c", isRequired: false });
      expect(optional.reconciliation).toEqual(nobody);
      expect(statusesOf(server)).toEqual(asBefore);

      const required = await edit("a", "b");
      expect(required.reconciliation).toEqual({ ...nobody, needsUpdate: count - both, people: count - both });
      expect(statusesOf(server)).toEqual([
        ["active", '["a","b"]', both],
        ["needs_update", '["a"]', count - both],
      ]);
      const back = await edit("a", OPTIONAL_B);
      expect(back.reconciliation).toEqual({ ...nobody, people: count - both });
      expect(statusesOf(server)).toEqual(asBefore);
      costs.push([label, optional, required, back].map(({ cost }) => cost));
    }
    expect(costs[1]).toEqual(costs[0]);
  });
});
