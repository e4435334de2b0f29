import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../src/server/runtime.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { runCommand } from "../cli/run-command.ts";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { startKeyward } from "../helpers/keyward-process.ts";
import { joinWithKey, type KeyHolder } from "../helpers/people.ts";
import { createDatabase, isPostgresThere, type TestDatabase } from "../helpers/postgres/database.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* A team outgrows its file: everything goes to PostgreSQL, and goes on there. */

let folder: string;
let scene: Scene;
let target: TestDatabase;
let ada: KeyHolder;
let value: string;

/** A deployment with some of everything, stopped. */
beforeEach(async () => {
  if (!isPostgresThere) return;
  folder = mkdtempSync(join(tmpdir(), "keyward-move-"));
  scene = await setScene({ gateway: { folder } });
  ada = await joinWithKey(scene.gateway, "Ada");
  const grants = [
    { auth_mode: "user", identity: ada.id },
    { auth_mode: "virtual_key", identity: scene.alice.id },
  ];
  await scene.gateway.admin("PUT", `/api/v1/servers/${scene.serverId}/grants`, { grants });
  await scene.gateway.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { static_headers: { "X-Team": "one" } });
  await scene.gateway.admin("POST", "/api/v1/groups", { name: "Operations", members: [ada.id] });
  value = scene.goodValue("alice");
  await scene.connect(scene.alice.key, value);
  await scene.askForLink(ada.key);
  target = await createDatabase();
});

afterEach(async () => {
  if (!isPostgresThere) return;
  await scene.close();
  await target.drop();
  rmSync(folder, { recursive: true });
});

const source = (): string => `sqlite:${join(folder, "keyward.db")}`;

function move(...more: readonly string[]) {
  const env = { KEYWARD_ENCRYPTION_KEY_FILE: join(folder, "keyward.db.key"), KEYWARD_LOG_LEVEL: "silent" };
  const args = ["migrate", "--from", source(), "--to", target.url, "--json", ...more];
  return runCommand(args, { runtime: createRuntime(), env });
}

async function countIn(table: string): Promise<number> {
  const [row] = await target.query(`select count(*)::int as count from ${table}`);
  return Number(row?.["count"]);
}

describe.skipIf(!isPostgresThere)("a database that is moved to PostgreSQL", () => {
  it("has every row, opens every value, and serves its people as before", async () => {
    await scene.gateway.close();
    const { code, stdout, stderr } = await move();
    expect([code, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout) as { rows: number; opened: number; tables: { table: string; rows: number }[] };
    expect(report.opened).toBe(2);
    for (const { table, rows } of report.tables) expect([table, await countIn(table)]).toEqual([table, rows]);
    expect(report.tables.find(({ table }) => table === "users")?.rows).toBe(1);
    expect(report.tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(report.rows);

    const keyward = await startKeyward({
      cwd: folder,
      env: { KEYWARD_DATABASE_URL: target.url, KEYWARD_ENCRYPTION_KEY_FILE: join(folder, "keyward.db.key") },
    });
    onTestFinished(async () => {
      await keyward.kill("SIGTERM");
    });
    expect((await callTool(keyward, scene.alice.key, "notes-whoami")).text).toBe(fingerprint(value));
    expect((await callTool(keyward, ada.key, "notes-whoami")).text).toContain("/connect/");
    const chain = await runCommand(["audit", "verify", "--json"], {
      runtime: createRuntime(),
      env: { KEYWARD_URL: keyward.url, KEYWARD_ADMIN_TOKEN: "test-admin-token-0123456789abcdef0123456789" },
    });
    expect(JSON.parse(chain.stdout)).toMatchObject({ intact: true });
  });

  it("is refused a target in which there is anything, and that stays as it is", async () => {
    await scene.gateway.close();
    expect((await move()).code).toBe(0);
    const before = await countIn("audit_events");
    const { code, stderr } = await move();
    expect([code, stderr]).toEqual([1, expect.stringContaining(`"code":"move_refused"`)]);
    expect(await countIn("audit_events")).toBe(before);
  });

  it("leaves nothing behind when a value does not open, and can be moved once that is put right", async () => {
    await scene.gateway.close();
    const { store, engine } = await openSqlite({
      path: join(folder, "keyward.db"),
      clock: systemClock,
      random: systemRandom,
    });
    const setSealed = (sealed: Uint8Array): Promise<unknown> =>
      engine.write(({ db }) => db.updateTable("header_credentials").set({ sealed }).execute());
    const [row] = await engine.read((db) => db.selectFrom("header_credentials").select(["id", "sealed"]).execute());
    const sealed = row?.sealed ?? new Uint8Array();
    await setSealed(sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte)));
    const { code, stderr } = await move();
    expect([code, stderr]).toEqual([1, expect.stringContaining(`"code":"move_failed"`)]);
    expect(stderr).toContain(row?.id);
    expect([await countIn("servers"), await countIn("audit_events")]).toEqual([0, 0]);
    await setSealed(sealed);
    await store.close();
    expect((await move()).code).toBe(0);
  });

  it("is refused with another encryption key, and with none of that name, before anything is written", async () => {
    await scene.gateway.close();
    const env = { KEYWARD_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString("base64"), KEYWARD_LOG_LEVEL: "silent" };
    const args = ["migrate", "--from", source(), "--to", target.url];
    const wrong = await runCommand(args, { runtime: createRuntime(), env });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("(encryption_key_wrong)")]);
    const none = await runCommand(["migrate", "--from", `sqlite:${join(folder, "none.db")}`, "--to", target.url], {
      runtime: createRuntime(),
      env,
    });
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("(store_unusable)")]);
    expect(await countIn("servers")).toBe(0);
  });
});

describe("keyward migrate", () => {
  it("says what --to wants, and what is wrong with --from", async () => {
    const alone = await runCommand(["migrate", "--to", "sqlite:./x.db"], { runtime: createRuntime(), env: {} });
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("--from")]);
    const odd = await runCommand(["migrate", "--from", "mysql://x"], { runtime: createRuntime(), env: {} });
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("--from must be sqlite:")]);
  });
});
