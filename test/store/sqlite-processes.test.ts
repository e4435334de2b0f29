import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSqliteStore } from "../../src/sqlite.ts";
import { codeOf, createServer, upsert, someone } from "../contract/fixtures.ts";
import { type Acknowledged, History, recorded, violationsIn } from "../helpers/history.ts";
import { runChild } from "./child.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

// Processes start and write to a real disk here, as fast as the machine lets them.
vi.setConfig({ testTimeout: 180_000 });

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => {
  folder.remove();
});

function open() {
  return openSqliteStore({ path: folder.file(), clock: new TestClock(), random });
}

async function prepare(): Promise<void> {
  const store = await open();
  await createServer(store);
  await store.close();
}

/** Whole lines only: the last one may have been cut by the kill. */
function acknowledgedIn(output: string): readonly Acknowledged[] {
  const lines = output.slice(0, output.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Acknowledged);
}

/**
 * The files are whole, and the log has every change that was acknowledged.
 * @param history gets what this writes to see that it goes on
 */
async function assertWhole(history: History): Promise<void> {
  const raw = new DatabaseSync(folder.file());
  expect(raw.prepare("pragma integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  expect(raw.prepare("pragma foreign_key_check").all()).toEqual([]);
  raw.close();

  const store = await open();
  expect((await store.verifyAudit()).isIntact).toBe(true);
  expect(await violationsIn(store, history)).toEqual([]);
  // And it goes on from there.
  const [server] = (await store.listServers({})).items;
  expect(await codeOf(upsert(recorded(store, history), server!, someone("after")))).toBe("resolved");
  await store.close();
}

function historyOf(acknowledged: readonly Acknowledged[]): History {
  const history = new History();
  acknowledged.forEach((change) => history.acknowledge(change));
  return history;
}

describe("several processes", () => {
  it("A63: write to one file at once, and nothing that was acknowledged is lost or doubled", async () => {
    await prepare();
    const children = ["a", "b", "c"].map((name) => runChild("writer-child.ts", [folder.file(), "20", name]));
    const acknowledged = (await Promise.all(children.map(({ output }) => output))).flatMap(acknowledgedIn);
    expect(acknowledged.length).toBeGreaterThan(60);
    await assertWhole(historyOf(acknowledged));
  });

  it("A60: killed at any moment leave every acknowledged operation, whole, and a file that goes on", async () => {
    await prepare();
    const history = new History();
    for (let round = 0; round < 10; round += 1) {
      const child = runChild("writer-child.ts", [folder.file(), "100000"]);
      // A random moment after the first write; the kill comes at whatever statement is under way.
      let lines = 1 + Math.floor(Math.random() * 12);
      while (lines > 0) {
        const [chunk] = (await once(child.process.stdout!, "data")) as [string];
        lines -= chunk.split("\n").length - 1;
      }
      child.process.kill("SIGKILL");
      acknowledgedIn(await child.output).forEach((change) => history.acknowledge(change));
      // What was under way when the kill came.
      history.unknown += 1;
      await assertWhole(history);
    }
    expect(history.acknowledged.length).toBeGreaterThanOrEqual(20);
  });
});

describe("a disk that is full", () => {
  it("A63: stops writes with an error, not reads; nothing acknowledged is lost, and room lets it go on", async () => {
    await prepare();
    // No file may grow beyond 1 MB, or 2 where a block is 1 KiB: the log meets the limit first.
    const { output } = runChild("full-disk-child.ts", [folder.file()], "ulimit -f 2000");
    const report = JSON.parse(await output) as {
      readonly acknowledged: readonly Acknowledged[];
      readonly codes: readonly string[];
      readonly messages: readonly string[];
      readonly readable: number;
    };
    expect(report.acknowledged.length).toBeGreaterThan(3);
    expect(new Set(report.codes)).toEqual(new Set(["credential_store_unavailable"]));
    expect(new Set(report.messages).size).toBe(1);
    expect(report.readable).toBe(report.acknowledged.length);
    await assertWhole(historyOf(report.acknowledged));
  });
});
