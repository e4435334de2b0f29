import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runKeyward } from "../helpers/keyward-process.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";

/* `keyward doctor` on a PostgreSQL whose schema somebody may have altered. */

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
}

describe.skipIf(!isPostgresThere)("doctor on PostgreSQL", () => {
  let folder: string;
  let database: TestDatabase;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "keyward-doctor-"));
    database = await createDatabase();
    await keyward("migrate", database.url);
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await database.drop();
  });

  const keyward = (command: string, url: string) =>
    runKeyward([command, "--json"], {
      cwd: folder,
      env: { KEYWARD_DATABASE_URL: url, KEYWARD_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") },
    });

  async function schemaFindings(url: string = database.url): Promise<readonly string[]> {
    const { stdout } = await keyward("doctor", url);
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings.filter(({ check }) => check === "schema").map(({ level, message }) => `${level}: ${message}`);
  }

  async function driftFindings(): Promise<readonly string[]> {
    return (await schemaFindings()).filter((finding) => !finding.startsWith("ok: Up to date"));
  }

  it("what nobody has altered is as it was made, and looking at it leaves nothing behind", async () => {
    const schemas = () => database.query("select nspname from pg_namespace order by nspname");
    const before = await schemas();
    expect(await driftFindings()).toEqual([]);
    expect(await schemas()).toEqual(before);
  });

  it("a column, an index, a constraint and a function that were altered are told by name", async () => {
    await database.query(`alter table settings add column note text`);
    await database.query(`create index by_hand on virtual_keys (name)`);
    await database.query(`create function by_hand_too() returns int language sql as 'select 1'`);
    await database.query(`alter table servers alter column url drop not null`);
    await database.query(`alter table header_credentials add constraint odd check (version < 1000)`);
    expect(await driftFindings()).toEqual([
      "warning: Not as the migrations have made it: by_hand, by_hand_too, header_credentials, servers, settings.",
    ]);
  });

  it("a guard of the audit log that was switched off is told, although it is still there", async () => {
    await database.query("alter table audit_events disable trigger audit_events_append_only");
    expect(await driftFindings()).toEqual(["warning: Not as the migrations have made it: audit_events_append_only."]);
  });

  it("a user that may not create a schema is told that nothing was compared", async () => {
    const user = `${database.name}_user`;
    await database.query(`create role ${user} login`);
    try {
      await database.query(`grant usage on schema public to ${user}`);
      await database.query(`grant select, insert, update, delete on all tables in schema public to ${user}`);
      const url = new URL(database.url);
      url.username = user;
      const [upToDate, compared] = await schemaFindings(url.href);
      expect(upToDate).toMatch(/^ok: Up to date/);
      expect(compared).toMatch(/^warning: Not compared/);
    } finally {
      await database.query(`drop owned by ${user}`);
      await database.query(`drop role ${user}`);
    }
  });
});
