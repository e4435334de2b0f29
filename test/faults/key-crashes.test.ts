import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Server } from "../../src/core/server.ts";
import { createDatabase, isPostgresThere } from "../helpers/postgres/database.ts";
import { runChild } from "../store/child.ts";
import { TestClock, TestFolder } from "../store/sqlite-harness.ts";
import { openLeft } from "./crash-ground.ts";
import { openAll, replaceKeys, replaceKeysAgain, settle } from "./key-crash-ground.ts";

/**
 * Opens what is left, as the next process does, and if it is so for the first time, once more after an operator has brought
 * it to its end.
 */
async function lookAt(where: string, server: Server, seen: readonly string[]): Promise<string> {
  const store = await openLeft(where, new TestClock());
  try {
    const opened = await openAll(store, server);
    const names = opened.join(" and ");
    if (!seen.includes(names)) {
      await replaceKeysAgain(store, opened);
      expect(await openAll(store, server)).toEqual(["new"]);
    }
    return names;
  } finally {
    await store.close();
  }
}

/* On SQLite: the files are copied before each statement that writes, as they lie there at that moment. */
describe("keys that are replaced in a file", () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
  });
  afterEach(() => {
    folder.remove();
  });

  it("A60, A67: by a process that dies before any statement: every value opens, with the old key or the new one", async () => {
    const path = folder.file();
    const copies: string[] = [];
    let isArmed = false;
    let rows = 0;
    const store = await openLeft(path, new TestClock(), (sql) => {
      // Nothing of a transaction is in the files before its end: of the rows of one step some are enough.
      const isRow = /^update "header_credentials/i.test(sql);
      rows += isRow ? 1 : 0;
      if (!isArmed || /^\s*(?:select|pragma|begin)/i.test(sql) || (isRow && rows % 40 !== 0)) {
        return;
      }
      const target = join(folder.path, String(copies.length), "keyward.db");
      mkdirSync(dirname(target));
      for (const suffix of ["", "-wal"]) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, target + suffix);
      }
      copies.push(target);
    });
    const server = await settle(store);
    isArmed = true;
    await replaceKeys(store);
    await store.close();

    const seen: string[] = [];
    for (const left of [...copies, path]) seen.push(await lookAt(left, server, seen));
    expect([...new Set(seen)]).toEqual(["old", "old and new", "new"]);
  }, 120_000);
});

/*
 * On PostgreSQL only a commit changes what is left: a process that dies in a transaction leaves what the one before it left.
 * So a process is killed in each transaction, just before its end.
 */
describe.skipIf(!isPostgresThere)("keys that are replaced on a server", () => {
  it("A60, A67: by a process that is killed in any transaction: every value opens, with the old key or the new one", async () => {
    const settled = await createDatabase();
    const first = await openLeft(settled.url, new TestClock());
    const server = await settle(first);
    await first.close();

    const seen: string[] = [];
    for (let commit = 1, isDone = false; !isDone; commit += 1) {
      const copy = await createDatabase({ template: settled.name });
      const child = runChild("../faults/key-crash-child.ts", [copy.url, String(commit)]);
      isDone = (await child.output) === "done";
      expect(child.process.signalCode).toBe(isDone ? null : "SIGKILL");
      seen.push(await lookAt(copy.url, server, seen));
      await copy.drop();
    }
    expect([...new Set(seen)]).toEqual(["old", "old and new", "new"]);
    // More than one of them re-wraps, so that one has died between two steps.
    expect(seen.filter((opened) => opened === "old").length).toBeGreaterThan(4);
    await settled.drop();
  }, 120_000);
});
