import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startDemoUpstream } from "../../src/cli/demo/demo-upstream.ts";
import type { Runtime } from "../../src/cli/runtime.ts";
import { createRuntime } from "../../src/server/runtime.ts";
import { type Given, runCommand } from "./run-command.ts";

/** The commands against the gateway itself: what they send is what it takes, what it answers is what they show. */

const CANARY = "sk-live-canary-5be0";
const real = createRuntime();

async function gateway() {
  const folder = mkdtempSync(join(tmpdir(), "keyward-cli-"));
  const upstream = await startDemoUpstream(new Map([[CANARY, "alice"]]));
  const flags = {
    port: "0",
    database_url: `sqlite:${join(folder, "keyward.db")}`,
    allow_private_upstreams: "127.0.0.1",
    log_level: "silent",
  };
  const running = await real.serve({ flags, env: {}, configPath: null });
  onTestFinished(async () => {
    await running.stop();
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });
  const env: Record<string, string> = { KEYWARD_URL: running.publicUrl };
  const runtime: Partial<Runtime> = { clock: real.clock };
  const outputs: string[] = [];
  const keyward = async (line: string, given: Given = {}) => {
    const ran = await runCommand(line.split(" "), { runtime, ...given, env: { ...env, ...given.env } });
    outputs.push(ran.stdout, ran.stderr);
    return ran;
  };
  const done = async (line: string, given: Given = {}) => {
    const { code, stdout, stderr } = await keyward(line, given);
    expect(code, `${line}: ${stderr}`).toBe(0);
    return stdout;
  };
  env["KEYWARD_ADMIN_TOKEN"] = (await done(`setup ${running.setupToken?.reveal()}`)).trim();
  return { upstream, keyward, done, outputs };
}

it("a server goes its way from adding to removing, and no value is ever shown", async () => {
  const { upstream, keyward, done, outputs } = await gateway();
  const sample = { stdin: `X-Demo-Key=${CANARY}` };
  const wrong = await keyward(`servers add weather ${upstream.url} --header X-Demo-Key --samples-stdin`, {
    stdin: `X-Demo-Key=${CANARY}-wrong`,
  });
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("(upstream_rejected)")]);
  expect(await done("servers list")).toContain("There are no servers yet.");

  expect(await done(`servers add weather ${upstream.url} --header X-Demo-Key --samples-stdin`, sample)).toMatch(
    /^weather is ready \(srv_[\w-]+\)\.\nVerified, proven: .*\n(?:- .*\n){4}2 tools: forecast, whoami\n$/,
  );
  expect(await done("servers verify weather --sample X-Demo-Key=env:K", { env: { K: CANARY } })).toContain("proven");
  expect(await done("servers edit weather --tool whoami --link-policy key_proof --probe-tool whoami")).toMatch(
    /link policy +key_proof[^]*allowed tools +whoami/,
  );
  expect(
    await done("servers edit weather --no-probe-tool --all-tools --label X-Demo-Key=Key --header X-Demo-Key"),
  ).toMatch(/allowed tools +all/);
  const { items } = JSON.parse(await done("servers list --json")) as { items: object[] };
  expect(items).toMatchObject([{ header_schema: [{ label: "Key" }], verification: { probe_tool: null } }]);
  expect(await done("servers edit weather --disable")).toMatch(/status +disabled/);

  expect((await keyward(`servers add weather ${upstream.url}`)).stderr).toContain("(upstream_rejected)");
  expect((await keyward(`servers add with-hyphen ${upstream.url}`)).stderr).toContain("(invalid_server_name)");
  expect(await done("servers remove weather --yes")).toBe("weather is removed.\n");
  expect(outputs.join("")).not.toContain(CANARY);
});

it("keys and grants, and what the audit log says of them", async () => {
  const { upstream, keyward, done } = await gateway();
  await done(`servers add weather ${upstream.url} --header X-Demo-Key`);
  expect(await done("keys create alice --expires-in 90d --rate-limit 60")).toMatch(/^kw_[\w-]{49}\n$/);
  expect(await done("keys list")).toMatch(/^alice +kw_\S{5}… +- +yes +2/m);
  expect(await done("servers grant weather alice --tool forecast")).toMatch(/^alice +virtual_key +vk_\S+ +forecast$/m);
  expect(await done("servers grants weather")).toContain("alice");
  expect(await done("servers ungrant weather alice")).toBe("Nobody has a grant.\n");
  expect(await done("connections list --who alice --status active --server weather")).toBe(
    "There are no connections.\n",
  );
  expect((await keyward("connections revoke cred_none --yes")).stderr).toContain("(credential_not_found)");
  expect(await done("keys disable alice")).toBe("alice is disabled.\n");
  expect(await done("keys enable alice")).toBe("alice is enabled.\n");
  const granted = await done("audit --server weather --action grants.replaced --since 1h");
  expect(granted.trim().split("\n")).toHaveLength(3);
  expect(
    (await done("audit --who alice --jsonl"))
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { action: string }).action),
  ).toContain("virtual_key.created");
  expect(await done("keys revoke alice --yes")).toBe("alice is revoked.\n");
  expect(await done("keys list")).toContain("There are no keys yet.");
});
