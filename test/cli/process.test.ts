import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it, onTestFinished } from "vitest";

/** The command as a process of its own: signals, exit codes and streams are the operating system's. */

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-process-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

interface Running {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** Starts it in a folder of its own, with nothing of this process's configuration. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("KEYWARD_"));
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { child, output, ended: once(child, "close").then(([code]) => code as number | null) };
}

interface Announced {
  readonly public_url: string;
  readonly mcp_url: string;
  readonly listening: string;
  readonly setup_token: string | null;
}

/** Waits for the line that says where the gateway listens. */
async function serve(): Promise<Running & { readonly announced: Announced }> {
  const running = start(["serve", "--json", "--port", "0"]);
  while (!running.output.stdout.includes("\n")) {
    await Promise.race([
      once(running.child.stdout!, "data"),
      running.ended.then(() => expect.fail(running.output.stderr)),
    ]);
  }
  return { ...running, announced: JSON.parse(running.output.stdout) as Announced };
}

it("A48: a first start listens on loopback and shows its setup token once; a later start after setup shows none", async () => {
  const first = await serve();
  const { public_url: url, setup_token: token, listening } = first.announced;
  expect(listening).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(token).toMatch(/^kws_/);

  const setup = start(["setup", token ?? "", "--gateway", url]);
  expect(await setup.ended).toBe(0);
  expect(setup.output.stdout).toMatch(/^kwa_[\w-]+\n$/);
  const again = start(["setup", token ?? "", "--gateway", url]);
  expect(await again.ended).toBe(1);

  const list = start(["servers", "list", "--json", "--gateway", url], {
    KEYWARD_ADMIN_TOKEN: setup.output.stdout.trim(),
  });
  expect(await list.ended).toBe(0);
  expect(JSON.parse(list.output.stdout)).toEqual({ items: [] });

  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(first.output.stderr, "the log").not.toContain(token);
  expect(first.output.stderr, "the log").not.toContain(setup.output.stdout.trim());

  const second = await serve();
  expect(second.announced.setup_token).toBeNull();
  second.child.kill("SIGINT");
  expect(await second.ended).toBe(0);
});

it("a port in use ends the start with 1 and says what to do", async () => {
  const { announced } = await serve();
  const other = start(["serve", "--port", new URL(announced.public_url).port, "--database-url", "sqlite:other/k.db"]);
  expect(await other.ended).toBe(1);
  expect(other.output.stderr).toMatch(/error: .*\(port_in_use\)\nChoose another port with `--port`/);
  expect(other.output.stdout).toBe("");
});

it("an unknown key in keyward.yaml of the working directory stops the start with 2 and one message", async () => {
  writeFileSync(join(folder, "keyward.yaml"), "prot: 4180\n");
  const { ended, output } = start(["serve"]);
  expect(await ended).toBe(2);
  expect(output).toEqual({
    stdout: "",
    stderr: "error: keyward.yaml line 1: prot is not an option. Did you mean port? (config_invalid)\n",
  });
});

it("A48: a listener for others without a public URL is refused", async () => {
  const { ended, output } = start(["serve", "--host", "0.0.0.0"]);
  expect(await ended).toBe(2);
  expect(output.stderr).toMatch(/^error: public_url \(KEYWARD_PUBLIC_URL\) is needed/);
});

it("A24: two encryption keys are refused before anything is written", async () => {
  const { ended, output } = start(["serve", "--encryption-key-file", "k"], { KEYWARD_ENCRYPTION_KEY: "a2V5" });
  expect(await ended).toBe(2);
  expect(output.stderr).toContain("Set only one encryption key.");
  expect(output.stderr).not.toContain("a2V5");
});

it("generate-key makes a key that a gateway starts with, and status names it", async () => {
  const generated = start(["vault", "generate-key"]);
  expect(await generated.ended).toBe(0);
  expect(generated.output.stdout).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  const env = { KEYWARD_ENCRYPTION_KEY: generated.output.stdout.trim() };
  const running = start(["serve", "--port", "0", "--json"], env);
  await once(running.child.stdout!, "data");
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
  const status = start(["vault", "status", "--json"], env);
  expect(await status.ended).toBe(0);
  expect(JSON.parse(status.output.stdout)).toMatchObject({ kek_id: expect.stringMatching(/^kek_/) as string });
  const wrong = start(["vault", "status"], { KEYWARD_ENCRYPTION_KEY: `${"A".repeat(43)}=` });
  expect(await wrong.ended).toBe(1);
});
