import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "../cli/run-command.ts";
import { engineOf } from "../helpers/engine.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* The commands of `keyward vault` beside a gateway that serves, as an operator goes through them. */

let scene: Scene;
let folder: string;

beforeEach(async () => {
  scene = await setScene();
  folder = mkdtempSync(join(tmpdir(), "keyward-keys-"));
});
afterEach(async () => {
  await scene.close();
  rmSync(folder, { recursive: true });
});

async function vault(...args: readonly string[]) {
  const { KEYWARD_ENCRYPTION_KEY: key, ...rest } = (await engineOf(scene.gateway.folder)).envWith({
    KEYWARD_LOG_LEVEL: "silent",
  });
  // At most one key may be configured.
  const isKeyNamed = key === undefined || args.includes("--encryption-key-file");
  const env = isKeyNamed ? rest : { ...rest, KEYWARD_ENCRYPTION_KEY: key };
  return runCommand(["vault", ...args], { runtime: createRuntime(), env });
}

interface Status {
  readonly kek_id: string;
  readonly staged_kek_id: string | null;
  readonly keys: readonly {
    id: string;
    kind: string;
    state: string;
    may_retire: boolean;
    sealed: object;
    seals: number;
  }[];
}

async function status(...args: readonly string[]): Promise<Status> {
  const { stdout } = await vault("status", "--json", ...args);
  return JSON.parse(stdout) as Status;
}

it("status, rotate, rewrap and retire tell what is sealed under which key, step by step", async () => {
  await scene.connect(scene.alice.key, scene.goodValue("alice"));
  const [first] = (await status()).keys.filter(({ kind }) => kind === "data");
  expect(first).toMatchObject({ state: "current", may_retire: false, sealed: { credentials: 1, servers: 0 } });
  expect((await vault("rewrap")).stdout).toContain("already");
  expect((await vault("retire", first?.id ?? "", "--yes")).stderr).toMatch(/current data key.*key_change_refused/);

  expect((await vault("rotate")).stdout).toContain(`What ${first?.id} sealed stays readable`);
  const refused = await vault("retire", first?.id ?? "", "--yes");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/values of 1 connections.*key_in_use/)]);
  expect((await vault("rewrap", "--json", "--rate", "50")).stdout).toContain('"resealed": 1');
  const keys = (await status()).keys.filter(({ kind }) => kind === "data");
  expect(keys.map(({ state, may_retire, sealed }) => [state, may_retire, sealed])).toEqual([
    ["readable", true, { credentials: 0, servers: 0, oauth_records: 0 }],
    ["current", false, { credentials: 1, servers: 0, oauth_records: 0 }],
  ]);
  expect(keys[1]?.seals).toBe(1);
  expect((await vault("retire", first?.id ?? "", "--yes")).stdout).toContain("is destroyed");
  expect((await vault("retire", first?.id ?? "", "--yes")).stdout).toContain("retired before");
  expect((await vault("retire", "dk_none", "--yes")).stderr).toContain("no data key of that id");
  const actions = (await scene.gateway.admin("GET", "/api/v1/audit?limit=2")).body["items"] as { action: string }[];
  expect(actions.map(({ action }) => action)).toEqual(["vault.retired", "vault.rotated"]);
});

it("stage, promote and unstage refuse the wrong order and say what comes first", async () => {
  const file = join(folder, "next.key");
  writeFileSync(file, (await vault("generate-key")).stdout, { mode: 0o600 });
  const next = ["--encryption-key-file", file];
  expect((await vault("promote")).stderr).toContain("nothing to promote");
  expect((await vault("stage")).code).toBe(2);
  expect((await vault("stage", "--new-key-file", file, "--new-key-command", "kms")).code).toBe(2);
  expect((await vault("stage", "--new-key-file", file)).stdout).toContain("Restart every gateway");
  const { kek_id: old, staged_kek_id: staged } = await status();
  expect((await status(...next)).kek_id).toBe(staged);
  expect((await vault("promote")).stderr).toContain(`${staged} is staged, but ${old} is configured here`);
  expect((await vault("unstage", ...next)).stderr).toContain(`Configure ${old} everywhere`);
  expect((await vault("rotate")).stderr).toContain("is staged");
  expect((await vault("unstage")).stdout).toContain("is forgotten");
  expect((await vault("promote", ...next)).stderr).toContain("encryption_key_wrong");
  await vault("stage", "--new-key-file", file);
  expect((await vault("promote", ...next)).stdout).toContain(`${staged} alone opens`);
  expect((await vault("status")).stderr).toContain("encryption_key_wrong");
  expect((await vault("rotate", ...next)).code).toBe(0);
});
