import { describe, expect, it } from "vitest";
import type { RunningGateway, Runtime, VaultStatus } from "../../src/cli/runtime.ts";
import { KeywardError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { recording, runCommand } from "./run-command.ts";

const CANARY = "sk-live-canary-31bd";

const KEY = { kind: "data", kekId: "kek_1", stagedKekId: "kek_2", createdAt: 1 } as const;
const STATUS: VaultStatus = {
  kekId: "kek_1",
  stagedKekId: "kek_2",
  keys: [
    {
      ...KEY,
      id: "dk_1",
      state: "readable",
      seals: 7,
      sealed: { credentials: 0, servers: 0, oauthRecords: 0 },
      mayRetire: true,
    },
    {
      ...KEY,
      id: "dk_2",
      state: "current",
      seals: 9,
      sealed: { credentials: 3, servers: 1, oauthRecords: 2 },
      mayRetire: false,
    },
  ],
};

function rejecting(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

function runningGateway(setupToken: string | null) {
  const stopped: true[] = [];
  const gateway: RunningGateway = {
    publicUrl: "http://127.0.0.1:4321",
    listening: "127.0.0.1:4321",
    setupToken: setupToken === null ? null : new Secret(setupToken),
    warnings: ["temp_token_links is on: whoever holds a link may type values into it."],
    stop: () => {
      stopped.push(true);
      return Promise.resolve();
    },
  };
  return { stopped, ...recording(gateway) };
}

describe("serve", () => {
  it("passes flags by option name, the environment and --config on, and stops when it is asked to", async () => {
    const { task, asked, stopped } = runningGateway(null);
    const args = ["serve", "--port", "0", "--public-url", "https://a.example", "--config", "k.yaml"];
    const { code } = await runCommand(args, { runtime: { serve: task }, env: { KEYWARD_LOG_LEVEL: "debug" } });
    expect(code).toBe(0);
    expect(asked).toEqual([
      {
        flags: { port: "0", public_url: "https://a.example" },
        env: { KEYWARD_LOG_LEVEL: "debug" },
        configPath: "k.yaml",
      },
    ]);
    expect(stopped).toHaveLength(1);
  });

  it("A48: shows the setup token once, with the address to open and the command to type, while setup is open", async () => {
    const { stdout, stderr } = await runCommand(["serve"], { runtime: { serve: runningGateway("kws_one-time").task } });
    expect(stdout).toContain("http://127.0.0.1:4321/mcp");
    expect(stdout).toContain("\n      http://127.0.0.1:4321/setup#t=kws_one-time\n");
    expect(stdout).toContain("  npx keyward setup kws_one-time --gateway http://127.0.0.1:4321\n");
    expect(stdout).toContain(`-d '{"setup_token":"kws_one-time"}'`);
    expect(stdout).toContain("warning: temp_token_links is on");
    expect(stderr).toBe("");
  });

  it("A48: shows no token once setup is done", async () => {
    const { stdout } = await runCommand(["serve"], { runtime: { serve: runningGateway(null).task } });
    expect(stdout).not.toMatch(/setup|kws_/);
  });

  it("with --json prints one line for a program", async () => {
    const { stdout } = await runCommand(["serve", "--json"], { runtime: { serve: runningGateway("kws_x").task } });
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      public_url: "http://127.0.0.1:4321",
      mcp_url: "http://127.0.0.1:4321/mcp",
      setup_token: "kws_x",
    });
  });

  it("has no flag for a secret", async () => {
    const { stdout } = await runCommand(["serve", "--help"]);
    expect(stdout).toContain("--encryption-key-file <path>");
    expect(stdout).not.toMatch(/--admin-token|--encryption-key </);
    const { code, stderr } = await runCommand(["serve", "--admin-token", CANARY]);
    expect(code).toBe(2);
    expect(stderr).not.toContain(CANARY);
  });

  it("ends with 2 when the configuration is not acceptable, with 1 when the start fails", async () => {
    const failing = (error: Error) => runCommand(["serve"], { runtime: { serve: rejecting(error) } });
    expect(await failing(new KeywardError("config_invalid", { message: "port is wrong." }))).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: port is wrong. (config_invalid)\n",
    });
    const { code, stderr } = await failing(new KeywardError("port_in_use", { message: "Port 80 is in use." }));
    expect([code, stderr]).toEqual([
      1,
      "error: Port 80 is in use. (port_in_use)\nChoose another port with `--port`, or stop what uses it.\n",
    ]);
  });
});

describe("commands on the database", () => {
  it("sweep: counts, and deletes only without --dry-run", async () => {
    const hows: unknown[] = [];
    const sweep = (_: unknown, how: unknown) => {
      hows.push(how);
      return Promise.resolve({ expiredFlows: 1, orphanedCredentials: 2, oauthRecords: 3 });
    };
    const dry = await runCommand(["sweep", "--dry-run"], { runtime: { sweep } });
    expect(dry.stdout).toBe("A sweep would delete 1 expired link, 2 orphaned connections and 3 OAuth records.\n");
    const wet = await runCommand(["sweep", "--json", "--orphan-retention-days", "7"], { runtime: { sweep } });
    expect(JSON.parse(wet.stdout)).toEqual({
      dry_run: false,
      expired_flows: 1,
      orphaned_credentials: 2,
      oauth_records: 3,
    });
    expect(hows).toEqual([{ dryRun: true }, { dryRun: false }]);
  });

  it("take the flags that matter to a database, and none of a listener's", async () => {
    const { task, asked } = recording({ applied: ["0002_more"], version: "0002_more" });
    const { stdout } = await runCommand(["migrate", "--database-url", "sqlite:/x.db"], { runtime: { migrate: task } });
    expect(stdout).toBe("Applied 1 migration: 0002_more.\n");
    expect(asked[0]?.flags).toEqual({ database_url: "sqlite:/x.db" });
    expect(await runCommand(["migrate", "--port", "1"])).toMatchObject({ code: 2 });
  });

  it("migrate: says when there is nothing to do", async () => {
    const { task } = recording({ applied: [], version: "0001_init" });
    const { stdout } = await runCommand(["migrate"], { runtime: { migrate: task } });
    expect(stdout).toBe("The database is up to date: 0001_init.\n");
  });

  it("vault generate-key: prints the key alone on standard output", async () => {
    const { stdout, stderr } = await runCommand(["vault", "generate-key"]);
    expect(stdout).toBe(`${"a2V5".repeat(11)}\n`);
    expect(stderr).toContain("Keep a copy");
  });

  it("vault status: lists the keys by id", async () => {
    const runtime = { vaultStatus: recording(STATUS).task };
    const { stdout } = await runCommand(["vault", "status"], { runtime });
    expect(stdout).toMatch(/^encryption key +kek_1\nstaged +kek_2$/m);
    expect(stdout).toMatch(/^dk_1 +data +readable, may be retired +0 +0 +0 +7 +kek_1, kek_2$/m);
    expect(stdout).toMatch(/^dk_2 +data +current +3 +1 +2 +9 +kek_1, kek_2$/m);
    expect(JSON.parse((await runCommand(["vault", "status", "--json"], { runtime })).stdout)).toMatchObject({
      kek_id: "kek_1",
      staged_kek_id: "kek_2",
      keys: [
        { id: "dk_1", state: "readable", may_retire: true, seals: 7 },
        {
          id: "dk_2",
          sealed: { credentials: 3, servers: 1, oauth_records: 2 },
          may_retire: false,
          staged_kek_id: "kek_2",
        },
      ],
    });
  });

  it("vault rewrap: draws how far it is on a terminal only, and ends with 1 when rows do not open", async () => {
    const rates: number[] = [];
    const rewrap: Runtime["rewrap"] = async (_, { rowsPerSecond, onProgress }) => {
      rates.push(rowsPerSecond);
      onProgress({ done: 100, total: 400 });
      onProgress({ done: 400, total: 400 });
      return { keyId: "dk_2", resealed: 399, unreadable: 1, unreadableIds: ["cred_1"] };
    };
    const shown = await runCommand(["vault", "rewrap"], { runtime: { rewrap }, isTerminal: true });
    expect([shown.code, shown.stdout]).toEqual([1, "Sealed 399 rows under dk_2.\n"]);
    expect(shown.stderr).toContain(`\r[#######${".".repeat(23)}] 25%  100 of 400`);
    expect(shown.stderr).toMatch(
      /\r\[#{30}\] 100% {2}400 of 400\r +\r1 row does not open and stayed as found: cred_1\./,
    );
    const piped = await runCommand(["vault", "rewrap", "--json", "--rate", "50"], { runtime: { rewrap } });
    expect(piped.stderr).not.toContain("\r");
    expect(JSON.parse(piped.stdout)).toEqual({
      key_id: "dk_2",
      resealed: 399,
      unreadable: 1,
      unreadable_ids: ["cred_1"],
    });
    for (const rate of ["0", "-1", "1.5", "many", "1000000"]) {
      expect(await runCommand(["vault", "rewrap", "--rate", rate], { runtime: { rewrap } })).toMatchObject({ code: 2 });
    }
    expect(rates).toEqual([1_000, 50]);
  });

  it("vault retire: asks before it destroys a key, and without a terminal wants --yes", async () => {
    const retired: string[] = [];
    const retireDataKey: Runtime["retireDataKey"] = async (_, id) => {
      retired.push(id);
      return true;
    };
    const retire = (given: object, ...more: readonly string[]) =>
      runCommand(["vault", "retire", "dk_1", ...more], { runtime: { retireDataKey }, ...given });
    expect(await retire({})).toMatchObject({ code: 2 });
    expect(await retire({ typed: ["n\r"], isTerminal: true })).toMatchObject({ code: 1 });
    expect(retired).toEqual([]);
    expect(await retire({}, "--yes")).toMatchObject({ code: 0 });
    expect(retired).toEqual(["dk_1"]);
  });

  it("doctor: ends with 1 when something is wrong, not for a warning", async () => {
    const ok = { check: "schema", level: "ok", message: "Up to date." } as const;
    const weak = { check: "configuration", level: "warning", message: "Weak.", fix: "Make it strong." } as const;
    const wrong = { check: "key", level: "error", message: "Missing.", fix: "Put it back." } as const;
    const doctor = (...findings: Parameters<typeof recording>) => ({
      runtime: { doctor: recording(findings[0] as never).task },
    });
    const fine = await runCommand(["doctor"], doctor([ok, weak]));
    expect(fine).toEqual({
      code: 0,
      stdout: "ok       schema: Up to date.\nwarning  configuration: Weak.\n         Make it strong.\n",
      stderr: "",
    });
    const { code, stdout } = await runCommand(["doctor", "--json"], doctor([ok, wrong]));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ level: "ok", fix: null }, { level: "error" }] });
  });
});

describe("every command line", () => {
  it("--version prints the version alone", async () => {
    expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });

  it("suggests the command or option that was meant, and ends with 2", async () => {
    expect(await runCommand(["sevre"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean serve?") as string,
    });
    expect(await runCommand(["serve", "--prot", "1"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("Did you mean --port?") as string,
    });
  });

  it.each([[[]], [["servers"]], [["vault"]], [["keys"]]])(
    "without a command, %j shows the help as a message, and ends with 2",
    async (args) => {
      const { code, stdout, stderr } = await runCommand(args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("Usage: keyward");
    },
  );

  it("--help is an answer, with examples", async () => {
    const { code, stdout, stderr } = await runCommand(["servers", "add", "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Examples:\n  keyward servers add weather");
  });

  it.each([
    [["servers", "show", "weather", CANARY], "too many arguments for 'show'. Expected 1 argument but got 2."],
    [["serve", `--admin-token=${CANARY}`], "unknown option '--admin-token'"],
    [[`kws_${CANARY}${"x".repeat(30)}`], "unknown command"],
  ])("what is not understood is not repeated, because it may be a secret: %j", async (args, expected) => {
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain(CANARY);
  });

  it("with --json an error is JSON too, on standard error", async () => {
    const { code, stdout, stderr } = await runCommand(["servers", "list", "--json"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(JSON.parse(stderr)).toEqual({ error: { code: "unauthenticated", message: "There is no admin token." } });
    expect(JSON.parse((await runCommand(["serve", "--json", "--nonsense"])).stderr)).toMatchObject({
      error: { code: "usage" },
    });
  });

  it("an error that is not Keyward's own is told by name, without its text", async () => {
    const error = new TypeError(`Headers.append: "${CANARY}" is an invalid header value.`);
    const { code, stderr } = await runCommand(["serve"], { runtime: { serve: rejecting(error) } });
    expect([code, stderr]).toEqual([1, "error: Something went wrong inside this command: TypeError. (internal)\n"]);
  });

  it("colours only a terminal, and not with NO_COLOR", async () => {
    const runtime = { doctor: recording([{ check: "a", level: "ok", message: "b" }] as const).task };
    const colours = async (given: object) =>
      (await runCommand(["doctor"], { runtime, ...given })).stdout.includes("\u001b[");
    expect(await colours({ isTerminal: true })).toBe(true);
    expect(await colours({ isTerminal: false })).toBe(false);
    expect(await colours({ isTerminal: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await colours({ isTerminal: true, env: { TERM: "dumb" } })).toBe(false);
  });
});

describe("a question", () => {
  it.each(["\u0003", "\u0004"])("that is answered with Ctrl-C or Ctrl-D (%j) ends the command with 1", async (key) => {
    const { code, stderr } = await runCommand(["setup"], { typed: [`kws_half${key}`] });
    expect([code, stderr]).toEqual([1, "Setup token (hidden): \nerror: Cancelled.\n"]);
  });
});
