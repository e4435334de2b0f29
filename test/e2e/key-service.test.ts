import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { createRuntime } from "../../src/server/runtime.ts";
import { systemClock } from "../../src/server/system.ts";
import { runCommand } from "../cli/run-command.ts";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { startKeyService, type KeyService } from "../fixtures/key-service.ts";
import { engineOf, isOnPostgres } from "../helpers/engine.ts";
import { runKeyward } from "../helpers/keyward-process.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene } from "../helpers/scene.ts";
import { startTestGateway, textIn } from "../helpers/test-gateway.ts";

/* A gateway whose key-encryption key is in a KMS, behind a command, which behaves, stalls, lies and dies (A65). */

let folder: string;
let kms: KeyService;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-kms-gateway-"));
  kms = startKeyService();
});
afterEach(() => {
  kms.close();
  rmSync(folder, { recursive: true });
});

/** Half a minute passes between two looks at it. Whatever waits goes on at once, but for the timeout of the command. */
function hastyClock(isCommandKilled: boolean): Clock {
  let now = 1_800_000_000_000;
  return {
    now: () => (now += 31_000),
    schedule: (delayMs, task) => {
      if (delayMs < 10_000 || isCommandKilled) {
        setImmediate(task);
      }
      return () => {};
    },
  };
}

/** What lies in the database of keys. */
async function storedKeys(): Promise<string> {
  const store = await (await engineOf(folder)).openStore();
  const keys = await store.listKeys();
  await store.close();
  return JSON.stringify(keys);
}

/** For a command on that database. */
async function commandEnv(): Promise<Readonly<Record<string, string>>> {
  return (await engineOf(folder)).envWith({ ...kms.env, KEYWARD_LOG_LEVEL: "silent" });
}

// Nothing of this is about the database.
describe.skipIf(isOnPostgres)("A65: at the start, a key service", () => {
  beforeEach(async () => {
    await (await startTestGateway({ folder, env: kms.env })).close();
  });

  it.each([
    ["dead", false, "The key command failed to unwrap (exit status 3)."],
    ["stalled", true, "The key command did not unwrap within 10000 ms."],
  ] as const)(
    "that is %s is asked again, then the start fails and says why; nothing is written",
    async (mode, isKilled, why) => {
      const before = await storedKeys();
      kms.become(mode);
      const clock = hastyClock(isKilled);
      await expect(startTestGateway({ folder, env: kms.env, clock })).rejects.toMatchObject({
        code: "credential_store_unavailable",
        message: why,
      });
      expect(await storedKeys()).toBe(before);
      kms.become("good");
      await (await startTestGateway({ folder, env: kms.env })).close();
    },
  );

  it("that comes back while the gateway waits lets it start", async () => {
    kms.become("dead");
    const impatient: Clock = {
      ...systemClock,
      schedule: (delayMs, task, options) => {
        if (delayMs === 1_000) {
          kms.become("good");
        }
        return systemClock.schedule(delayMs === 1_000 ? 0 : delayMs, task, options);
      },
    };
    const gateway = await startTestGateway({ folder, env: kms.env, clock: impatient });
    expect(gateway.log()).toContain("vault_not_open_yet");
    await gateway.close();
  });

  it.each([
    ["another key", "encryption_key_wrong"],
    ["garbage", "encryption_key_invalid"],
    ["short", "encryption_key_wrong"],
  ] as const)("that answers with %s ends the process at once, with exit code 1 and the cause", async (mode, code) => {
    const before = await storedKeys();
    kms.become(mode);
    const env = await commandEnv();
    const { exitCode, stdout, stderr } = await runKeyward(["serve", "--port", "0"], { cwd: folder, env });
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`(${code})`);
    expect(await storedKeys()).toBe(before);
  });
});

describe("A65: a running gateway whose key service", () => {
  it("dies goes on; a key that comes meanwhile is taken over when the service is back, and calls fail retryably until then", async () => {
    // It hears of the rotation only by a value that it cannot open.
    const clock: Clock = {
      ...systemClock,
      schedule: (delayMs, task, options) =>
        options?.isBackground === true ? () => {} : systemClock.schedule(delayMs, task, options),
    };
    const scene = await setScene({ gateway: { folder, env: kms.env, clock } });
    const { gateway, alice } = scene;
    await scene.connect(alice.key, scene.goodValue("alice"));
    kms.become("dead");
    const answer = await callTool(gateway, alice.key, "notes-whoami");
    expect(answer.result.isError ?? false).toBe(false);

    const other = await startOther();
    kms.become("dead");
    const { body } = await other.call("POST", `/api/v1/servers/${scene.serverId}/flow`, keyProof(alice.key), {});
    const fresh = { "X-API-Key": scene.goodValue("fresh") };
    expect((await submit(other, textIn(body, "flow_id"), keyProof(alice.key), fresh)).status).toBe(200);
    const failed = await callTool(gateway, alice.key, "notes-whoami");
    expect(failed.body["error"]).toMatchObject({ data: { code: "credential_store_unavailable", retryable: true } });
    kms.become("garbage");
    expect((await callTool(gateway, alice.key, "notes-whoami")).body["error"]).toMatchObject({
      data: { retryable: true },
    });
    kms.become("good");
    expect((await callTool(gateway, alice.key, "notes-whoami")).text).toBe(fingerprint(fresh["X-API-Key"]));
    await other.close();
    await scene.close();
  });
});

/** Rotates while the service works, and starts another gateway on it. */
async function startOther() {
  kms.become("good");
  const env = await commandEnv();
  expect(await runCommand(["vault", "rotate"], { runtime: createRuntime(), env })).toMatchObject({ code: 0 });
  return startTestGateway({ folder, env: kms.env });
}
