import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "../cli/run-command.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { startTestGateway } from "../helpers/test-gateway.ts";

/* A backup of a gateway that serves, and what it is worth with the right key, with an older one and with none. */

let scene: Scene;
let restored: string;

beforeEach(async () => {
  scene = await setScene();
  await scene.connect(scene.alice.key, scene.goodValue("alice"));
  restored = mkdtempSync(join(tmpdir(), "keyward-restored-"));
});
afterEach(async () => {
  await scene.close();
  rmSync(restored, { recursive: true });
});

function databaseOf(folder: string): string {
  return `sqlite:${join(folder, "keyward.db")}`;
}

/** A command on the database, as an operator runs it beside the gateway. */
function keyward(...args: readonly string[]) {
  const env = { KEYWARD_DATABASE_URL: databaseOf(scene.gateway.folder), KEYWARD_LOG_LEVEL: "silent" };
  return runCommand(args, { runtime: createRuntime(), env });
}

async function backup(name: string): Promise<string> {
  const file = join(scene.gateway.folder, name);
  expect(await keyward("backup", file, "--json")).toMatchObject({ code: 0, stderr: "" });
  return file;
}

function newKey(name: string): string {
  const path = join(scene.gateway.folder, name);
  const key = Buffer.from(Array.from(name.padEnd(32).slice(0, 32), (char) => char.charCodeAt(0))).toString("base64");
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  return path;
}

/** Starts a gateway on the backup, in a folder of its own, and calls as Alice. @returns what went wrong, or the answer */
async function callOnRestored(file: string, keyFile: string | null): Promise<string> {
  copyFileSync(file, join(restored, "keyward.db"));
  const env: Record<string, string> = keyFile === null ? {} : { KEYWARD_ENCRYPTION_KEY_FILE: keyFile };
  try {
    const gateway = await startTestGateway({ folder: restored, env });
    const { text, status } = await callTool(gateway, scene.alice.key, "notes-whoami");
    await gateway.close();
    return `${status} ${text}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? `${String(error.code)}: ${error.message}` : "unknown";
  }
}

describe("A71: a backup", () => {
  it("that was made while the gateway serves restores with the key that it names, and refuses every other", async () => {
    const key = join(scene.gateway.folder, "keyward.db.key");
    const { code, stdout } = await keyward("backup", join(scene.gateway.folder, "night.db"));
    expect(code).toBe(0);
    const kekId = /(kek_[0-9a-f]{16}) opens it/.exec(stdout)?.[1] ?? "";
    const file = join(scene.gateway.folder, "night.db");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = await callTool(scene.gateway, scene.alice.key, "notes-whoami");

    expect(await callOnRestored(file, key)).toBe(`200 ${before.text}`);
    const wrong = await callOnRestored(file, newKey("wrong.key"));
    expect(wrong).toMatch(/^encryption_key_wrong: /);
    expect(wrong).toContain(kekId);
    // Without a key: the gateway does not make itself one beside values that it would never open.
    const none = await callOnRestored(file, null);
    expect(none).toMatch(/^encryption_key_missing: /);
    expect(none).toContain(kekId);
  });

  it("of before data keys were rotated and retired opens as it always did", async () => {
    const key = join(scene.gateway.folder, "keyward.db.key");
    const file = await backup("before.db");
    const before = await callTool(scene.gateway, scene.alice.key, "notes-whoami");
    const rotated = await keyward("vault", "rotate", "--json");
    const { previous_key_id: old } = JSON.parse(rotated.stdout) as { previous_key_id: string };
    const during = await backup("during.db");
    expect((await keyward("vault", "rewrap")).code).toBe(0);
    expect((await keyward("vault", "retire", old, "--yes")).code).toBe(0);
    const after = await backup("after.db");
    for (const copy of [file, during, after]) {
      expect(await callOnRestored(copy, key)).toBe(`200 ${before.text}`);
    }
  });

  it("of before another encryption key came opens with the older one, one of in between with either", async () => {
    const old = join(scene.gateway.folder, "keyward.db.key");
    const next = newKey("next.key");
    const answer = `200 ${(await callTool(scene.gateway, scene.alice.key, "notes-whoami")).text}`;
    const before = await backup("before.db");
    expect((await keyward("vault", "stage", "--new-key-file", next)).code).toBe(0);
    const during = await backup("during.db");
    expect((await keyward("vault", "promote", "--encryption-key-file", next)).code).toBe(0);
    const after = join(scene.gateway.folder, "after.db");
    expect((await keyward("backup", after, "--encryption-key-file", next)).code).toBe(0);

    expect(await callOnRestored(before, old)).toBe(answer);
    expect(await callOnRestored(before, next)).toMatch(/^encryption_key_wrong: /);
    expect(await callOnRestored(during, old)).toBe(answer);
    expect(await callOnRestored(during, next)).toBe(answer);
    expect(await callOnRestored(after, old)).toMatch(/^encryption_key_wrong: /);
    expect(await callOnRestored(after, next)).toBe(answer);
  });

  it("that its key would not open is not made at all", async () => {
    const file = join(scene.gateway.folder, "night.db");
    const { code, stderr } = await keyward("backup", file, "--encryption-key-file", newKey("wrong.key"));
    expect([code, stderr]).toEqual([1, expect.stringContaining("encryption_key_wrong")]);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});
