import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { callsOf, faultOf } from "../../bench/calls.ts";
import { findPostgres } from "../helpers/postgres/binaries.ts";

const BENCH = fileURLToPath(new URL("../../bench/run.ts", import.meta.url));
// A machine that does much else at the same time takes its time; nothing here says how fast anything is.
const PATIENCE_MS = 120_000;

async function bench(...args: string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BENCH, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

interface Report {
  readonly database_server: string | null;
  readonly measures: readonly { readonly what: string; readonly figure: string; readonly goal: object | null }[];
}

describe("npm run bench", () => {
  it(
    "measures Keyward beside the floor, with every answer checked, and tells it as JSON",
    async () => {
      const { exitCode, stdout, stderr } = await bench("--quick", "--json", "--row", "warm", "--row", "flows");
      expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
      const report = JSON.parse(stdout) as Report;
      expect(report).toEqual({
        machine: {
          cores: expect.any(Number),
          cpu: expect.any(String),
          memoryGiB: expect.any(Number),
          node: process.version,
          platform: expect.any(String),
        },
        database_server: null,
        seconds: expect.any(Number),
        is_quick: true,
        left_out: [],
        // Two eras, Keyward and floor, a warm-up and a round.
        answers_checked: 2 * 2 * 2 * 100,
        measures: expect.any(Array),
      });
      for (const measure of report.measures) {
        expect(measure).toEqual({
          what: expect.any(String),
          against: expect.any(String),
          figure: expect.any(String),
          value: expect.any(Number),
          unit: expect.any(String),
          detail: expect.any(String),
          goal: measure.goal === null ? null : expect.any(Object),
          is_met: measure.goal === null ? null : expect.any(Boolean),
        });
      }
      const countOf = (text: string) => report.measures.filter(({ what }) => what.includes(text)).length;
      expect(["legacy client", "modern client", "initiateUserSubmissionFlow"].map(countOf)).toEqual([4, 4, 3]);
    },
    PATIENCE_MS,
  );

  it.skipIf(findPostgres() === null)(
    "measures the same on a PostgreSQL of its own, which has to flush each commit, and says so",
    async () => {
      const { exitCode, stdout, stderr } = await bench(
        "--quick",
        "--json",
        "--row",
        "replicas",
        "--row",
        "resolve-postgres",
      );
      expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
      const { database_server: server, measures } = JSON.parse(stdout) as Report;
      expect(server).toMatch(/^PostgreSQL \d+.*, fsync on, full_page_writes on, synchronous_commit on,/);
      expect(measures.map(({ what, figure }) => `${what}: ${figure}`)).toEqual([
        "warm tools/call on two replicas, legacy client, PostgreSQL: CPU per call of the gateways",
        "warm tools/call on two replicas, legacy client, PostgreSQL: CPU per call of the database server",
        "warm tools/call on two replicas, legacy client, PostgreSQL: requests per second",
        "resolve with 100 credentials, PostgreSQL: CPU per resolve",
        "resolve with 100 credentials, PostgreSQL: time per resolve",
        "resolve with 10,000 credentials, PostgreSQL: CPU per resolve",
        "resolve with 10,000 credentials, PostgreSQL: time per resolve",
      ]);
    },
    PATIENCE_MS,
  );

  it.skipIf(findPostgres() === null)(
    "leaves neither a file nor a database server behind when it is interrupted",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "keyward-bench-test-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      // The database server is another user, where this one is root.
      chmodSync(folder, 0o755);
      const child = spawn(process.execPath, [BENCH, "--quick", "--row", "resolve-postgres"], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      for await (const chunk of child.stderr) {
        said += String(chunk);
        if (said.includes("resolve: 100 ")) break;
      }
      expect(readdirSync(folder)).toHaveLength(2);
      child.kill("SIGINT");
      if (child.exitCode === null) await once(child, "exit");
      expect(child.exitCode).toBe(1);
      // The server's process sees that, and removes what it has made.
      await expect.poll(() => readdirSync(folder), { timeout: 30_000 }).toEqual([]);
    },
    PATIENCE_MS,
  );

  it("names the rows that there are when it is asked for another", async () => {
    const { exitCode, stderr } = await bench("--row", "worm");
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/worm[\s\S]*warm/)]);
  });
});

describe("an answer in the bench", () => {
  const call = callsOf({ era: "legacy", who: "alice", tool: "tool_0", headers: {} })(7);
  const body = (id: number, text: string, more: object = {}) =>
    JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], ...more } });
  const other = callsOf({ era: "legacy", who: "bob", tool: "tool_0", headers: {} })(7);

  it("is right when it is the call's own, as JSON or as an event", () => {
    expect(faultOf(call, 200, "application/json", body(7, call.text))).toBeNull();
    expect(faultOf(call, 200, "text/event-stream", `event: message\ndata: ${body(7, call.text)}\n\n`)).toBeNull();
  });

  it.each([
    ["of another identity", 200, body(7, other.text)],
    ["to another call", 200, body(8, call.text)],
    ["that is a tool's failure", 200, body(7, call.text, { isError: true })],
    ["that is an error", 200, JSON.stringify({ jsonrpc: "2.0", id: 7, error: { code: -32_603, message: "no" } })],
    ["with another status", 401, body(7, call.text)],
  ])("is wrong when it is one %s", (_, status, text) => {
    expect(faultOf(call, status, "application/json", text)).not.toBeNull();
  });
});
