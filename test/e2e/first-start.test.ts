import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { runKeyward, startKeyward, type Finished } from "../helpers/keyward-process.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-start-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function serve(env: Record<string, string> = {}, ...args: string[]): Promise<Finished> {
  return runKeyward(["serve", "--port", "0", ...args], { cwd: folder, env });
}

/** A database that has been started once, with its key file beside it. */
async function startedOnce(): Promise<{ database: string; keyFile: string }> {
  const keyward = await startKeyward({ cwd: folder });
  expect(await keyward.kill("SIGTERM")).toBe(0);
  const database = join(folder, "data", "keyward.db");
  return { database, keyFile: `${database}.key` };
}

async function refused(finished: Promise<Finished>): Promise<string> {
  const { exitCode, stderr, stdout } = await finished;
  expect(exitCode).not.toBe(0);
  expect(stdout).toBe("");
  // One message, and no stack trace.
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr;
}

describe("the first start", () => {
  it("A48: prints a setup token once, which makes one administrator and is then used up", async () => {
    const keyward = await startKeyward({ cwd: folder, hasAdmin: false });
    onTestFinished(() => void keyward.kill("SIGTERM"));
    const tokens = await vi.waitFor(() => {
      const found = new Set(keyward.output().match(/kws_[A-Za-z0-9_-]{49}/g));
      expect(found.size).toBe(1);
      return [...found];
    });
    const setup = (): Promise<Response> =>
      fetch(`${keyward.url}/api/v1/setup`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ setup_token: tokens[0] }),
      });
    const racers = await Promise.all([setup(), setup(), setup()]);
    expect(racers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const winner = racers.find(({ status }) => status === 201);
    expect(winner).toBeDefined();
    const adminToken = ((await winner?.json()) as { admin_token?: string } | undefined)?.admin_token ?? "";
    const servers = await fetch(`${keyward.url}/api/v1/servers`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(servers.status).toBe(200);
    await keyward.kill("SIGTERM");

    const again = await startKeyward({ cwd: folder, hasAdmin: false });
    expect(again.output()).not.toContain("kws_");
    await again.kill("SIGTERM");
  });

  it("A48: leaves no default password, token or secret: guesses are refused, and nothing is readable by others", async () => {
    const keyward = await startKeyward({ cwd: folder, hasAdmin: false });
    onTestFinished(() => void keyward.kill("SIGTERM"));
    for (const guess of ["admin", "keyward", "changeme", "test-admin-token-0123456789abcdef0123456789", "kwa_", ""]) {
      const answer = await fetch(`${keyward.url}/api/v1/servers`, { headers: { authorization: `Bearer ${guess}` } });
      expect(answer.status).toBe(401);
    }
    for (const file of ["keyward.db", "keyward.db-wal", "keyward.db-shm", "keyward.db.key"]) {
      expect([file, (statSync(join(folder, "data", file)).mode & 0o777).toString(8)]).toEqual([file, "600"]);
    }
    await keyward.kill("SIGTERM");
  });

  it("A48: refuses to listen beyond loopback without a public URL", async () => {
    expect(await refused(serve({ KEYWARD_HOST: "0.0.0.0" }))).toContain("public_url");
    expect(existsSync(join(folder, "data"))).toBe(false);
  });
});

describe("a start that cannot be right", () => {
  it("A24: with the wrong key names the key that is wanted, and writes nothing", async () => {
    const { database, keyFile } = await startedOnce();
    const before = readFileSync(database);
    renameSync(keyFile, `${keyFile}.away`);
    const other = Buffer.alloc(32, 7).toString("base64");
    const stderr = await refused(serve({ KEYWARD_ENCRYPTION_KEY: other }));
    expect(stderr).toContain("encryption_key_wrong");
    expect(stderr).toMatch(/kek_[A-Za-z0-9_-]+|[0-9a-f]{16}/);
    expect(stderr).not.toContain(other);
    expect(readFileSync(database).equals(before)).toBe(true);
  });

  it("A24: with the key file gone refuses, instead of making a new one", async () => {
    const { database, keyFile } = await startedOnce();
    const before = readFileSync(database);
    renameSync(keyFile, `${keyFile}.away`);
    expect(await refused(serve())).toContain("encryption_key_missing");
    expect(existsSync(keyFile)).toBe(false);
    expect(readFileSync(database).equals(before)).toBe(true);
    renameSync(`${keyFile}.away`, keyFile);
    const keyward = await startKeyward({ cwd: folder });
    expect(await keyward.kill("SIGTERM")).toBe(0);
  });

  it.each([
    ["31 bytes", Buffer.alloc(31, 1).toString("base64")],
    ["33 bytes", Buffer.alloc(33, 1).toString("base64")],
    ["a passphrase", "correct horse battery staple"],
  ])("A24: with a key of %s says so without quoting it", async (_what, key) => {
    const stderr = await refused(serve({ KEYWARD_ENCRYPTION_KEY: key }));
    expect(stderr).toMatch(/encryption_key_invalid|KEYWARD_ENCRYPTION_KEY/);
    expect(stderr).not.toContain(key);
  });

  it("A24: with two key sources refuses to guess", async () => {
    const env = {
      KEYWARD_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString("base64"),
      KEYWARD_ENCRYPTION_KEY_FILE: join(folder, "key"),
    };
    expect(await refused(serve(env))).toMatch(/only one/i);
  });

  it("A24: with a key file that others may read refuses it", async () => {
    const key = join(folder, "key");
    writeFileSync(key, Buffer.alloc(32, 1).toString("base64"), { mode: 0o644 });
    expect(await refused(serve({ KEYWARD_ENCRYPTION_KEY_FILE: key }))).toContain("chmod 600");
  });

  it("with an unknown key in the configuration file names it, and the nearest known one", async () => {
    writeFileSync(join(folder, "keyward.yaml"), "prot: 4180\n");
    const { exitCode, stderr } = await serve();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/prot[\s\S]*port/);
  });

  it("with a port that is in use says which", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    expect(await refused(serve({}, "--port", String(port)))).toContain(`127.0.0.1:${port} is in use`);
  });

  it("with a disk that is full says so, and can be started again when there is room", async () => {
    const limited = runKeyward(["serve", "--port", "0"], { cwd: folder, shellLimit: "ulimit -f 100" });
    const stderr = await refused(limited);
    expect(stderr).toContain("store_unusable");
    expect(stderr).toContain("no room");
    const keyward = await startKeyward({ cwd: folder });
    expect(await keyward.kill("SIGTERM")).toBe(0);
  });

  it.each([
    ["a folder", "data"],
    ["no database", "notes.txt"],
  ])("with a path that is %s says what to do, and leaves it alone", async (_what, name) => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "notes.txt"), "dear diary, this is not a database at all ".repeat(20));
    const stderr = await refused(serve({ KEYWARD_DATABASE_URL: `sqlite:${join(folder, name)}` }));
    expect(stderr).toContain("store_unusable");
    expect(stderr).toContain(join(folder, name));
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toContain("dear diary");
  });
});
