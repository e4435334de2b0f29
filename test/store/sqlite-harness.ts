import { randomBytes } from "node:crypto";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Random } from "../../src/core/ports.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import type { Harness } from "../contract/fixtures.ts";

export const random: Random = { bytes: (length) => randomBytes(length) };

/** A clock that stands still until it is moved; its timers are real, because they only wait for locks. */
export class TestClock implements Clock {
  #now = 1_800_000_000_000;

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  }
}

/** A folder of its own for one test. */
export class TestFolder {
  readonly path: string;

  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, "keyward-store-"));
  }

  file(name = "keyward.db"): string {
    return join(this.path, name);
  }

  /** Takes the database from its place, as an operator's mistake does, until `moveBack`. */
  moveAway(name = "keyward.db"): void {
    renameSync(this.file(name), this.file(`${name}.away`));
  }

  moveBack(name = "keyward.db"): void {
    renameSync(this.file(`${name}.away`), this.file(name));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

interface SqliteHarness extends Harness {
  readonly path: string;
}

/** @param parent where the folder of the database is made; default: the system's for temporary files */
export async function openSqliteHarness(parent?: string): Promise<SqliteHarness> {
  const folder = new TestFolder(parent);
  const clock = new TestClock();
  const opened: SqliteStore[] = [];
  let statements = 0;

  async function open(): Promise<SqliteStore> {
    const onStatement = (): void => {
      statements += 1;
    };
    const store = await openSqliteStore({ path: folder.file(), clock, random, onStatement });
    opened.push(store);
    return store;
  }

  const store = await open();
  return {
    path: folder.file(),
    store,
    another: open,
    reopen: async () => {
      await store.close();
      return open();
    },
    advance: (ms) => clock.advance(ms),
    now: () => clock.now(),
    countStatements: async (work) => {
      const before = statements;
      await work();
      return statements - before;
    },
    close: async () => {
      await Promise.all(opened.map((handle) => handle.close()));
      folder.remove();
    },
  };
}
