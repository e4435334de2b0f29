import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "../cli/run-command.ts";
import { findPostgresWithDump } from "../helpers/postgres/binaries.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway } from "../helpers/test-gateway.ts";
import { type Deployment, deployOnFile, type DumpServer, startDumpServer } from "./backup-deployments.ts";

/* A backup of a gateway that serves, and what it is worth with the right key, with an older one and with none. */

const programs = findPostgresWithDump();
let server: DumpServer | undefined;
const DEPLOYMENTS = [
  { by: "keyward backup", deploy: deployOnFile },
  { by: "pg_dump", deploy: async () => (server ??= await startDumpServer(programs ?? "")).deploy() },
];

let deployment: Deployment;
let close = async (): Promise<void> => {};

async function open(deploy: () => Promise<Deployment>): Promise<void> {
  deployment = await deploy();
  close = () => deployment.close();
}

afterEach(async () => {
  await close();
  close = async () => {};
});
afterAll(() => server?.stop());

/** What Alice is answered by the deployment itself. */
async function answerNow(): Promise<string> {
  const { scene } = deployment;
  return `200 ${(await callTool(scene.gateway, scene.alice.key, "notes-whoami")).text}`;
}

/** Restores a backup, starts a gateway on it, and calls as Alice. @returns what went wrong, or the answer */
async function callOnRestored(file: string, keyFile: string | null): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-restored-"));
  const env = {
    ...(await deployment.restore(file)),
    ...(keyFile === null ? {} : { KEYWARD_ENCRYPTION_KEY_FILE: keyFile }),
  };
  try {
    const gateway = await startTestGateway({ folder, env });
    const { text, status } = await callTool(gateway, deployment.scene.alice.key, "notes-whoami");
    await gateway.close();
    return `${status} ${text}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? `${String(error.code)}: ${error.message}` : "unknown";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function keyIdOf(keyFile: string): Promise<string> {
  const { stdout } = await deployment.keyward(["vault", "status", "--json"], keyFile);
  return /kek_[0-9a-f]{16}/.exec(stdout)?.[0] ?? "none";
}

describe.each(DEPLOYMENTS)("A71: a backup by $by", ({ by, deploy }) => {
  beforeEach(async (context) => {
    context.skip(by === "pg_dump" && programs === null, "there is no PostgreSQL with a pg_dump");
    await open(deploy);
    const { scene } = deployment;
    await scene.connect(scene.alice.key, scene.goodValue("alice"));
  });

  it("that was made while the gateway serves restores with the key that it names, and refuses every other", async () => {
    const file = await deployment.backup("night");
    const kekId = await keyIdOf(deployment.keyFile);

    expect(await callOnRestored(file, deployment.keyFile)).toBe(await answerNow());
    const wrong = await callOnRestored(file, deployment.newKey("wrong"));
    expect(wrong).toMatch(/^encryption_key_wrong: /);
    expect(wrong).toContain(kekId);
    // Without a key: the gateway does not make itself one beside values that it would never open.
    const none = await callOnRestored(file, null);
    const isNamed = by === "keyward backup";
    expect(none).toMatch(
      isNamed ? /^encryption_key_missing: / : /^config_invalid: .* encryption key has to be configured/,
    );
    expect(none.includes(kekId)).toBe(isNamed);
  });

  it("restores to what the migrations have made, and to a log whose chain is whole", async () => {
    const env = await deployment.restore(await deployment.backup("night"));
    const withKey = { ...env, KEYWARD_ENCRYPTION_KEY_FILE: deployment.keyFile };
    const { stdout } = await runCommand(["doctor", "--json"], { runtime: createRuntime(), env: withKey });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; message: string }[] };
    expect(findings.filter(({ check }) => check === "schema").map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Up to date/),
    ]);
    const gateway = await startTestGateway({ env: withKey });
    expect((await gateway.admin("GET", "/api/v1/audit/verify")).body["intact"]).toBe(true);
    await gateway.close();
  });

  it("of before data keys were rotated and retired opens as it always did", async () => {
    const before = await deployment.backup("before");
    const answer = await answerNow();
    const rotated = await deployment.keyward(["vault", "rotate", "--json"]);
    const { previous_key_id: old } = JSON.parse(rotated.stdout) as { previous_key_id: string };
    const during = await deployment.backup("during");
    expect((await deployment.keyward(["vault", "rewrap"])).code).toBe(0);
    expect((await deployment.keyward(["vault", "retire", old, "--yes"])).code).toBe(0);
    const after = await deployment.backup("after");
    for (const copy of [before, during, after]) {
      expect(await callOnRestored(copy, deployment.keyFile)).toBe(answer);
    }
  });

  it("of before another encryption key came opens with the older one, one of in between with either", async () => {
    const old = deployment.keyFile;
    const next = deployment.newKey("next");
    const answer = await answerNow();
    const before = await deployment.backup("before");
    expect((await deployment.keyward(["vault", "stage", "--new-key-file", next])).code).toBe(0);
    const during = await deployment.backup("during");
    expect((await deployment.keyward(["vault", "promote"], next)).code).toBe(0);
    const after = await deployment.backup("after", next);

    expect(await callOnRestored(before, old)).toBe(answer);
    expect(await callOnRestored(before, next)).toMatch(/^encryption_key_wrong: /);
    expect(await callOnRestored(during, old)).toBe(answer);
    expect(await callOnRestored(during, next)).toBe(answer);
    expect(await callOnRestored(after, old)).toMatch(/^encryption_key_wrong: /);
    expect(await callOnRestored(after, next)).toBe(answer);
  });
});

describe("A71: keyward backup", () => {
  beforeEach(async () => {
    await open(deployOnFile);
  });

  it("says which key opens the copy, which its owner alone can read", async () => {
    const file = join(deployment.scene.gateway.folder, "night.db");
    const { code, stdout } = await deployment.keyward(["backup", file]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${await keyIdOf(deployment.keyFile)} opens it`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("makes none at all that its key would not open", async () => {
    const file = join(deployment.scene.gateway.folder, "night.db");
    const { code, stderr } = await deployment.keyward(["backup", file], deployment.newKey("wrong"));
    expect([code, stderr]).toEqual([1, expect.stringContaining("encryption_key_wrong")]);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});
