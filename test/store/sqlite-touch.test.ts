import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createKey, createServer, entry, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

/** Keeps what is to be done in the background until it is asked for. */
class HeldClock extends TestClock {
  readonly held = new Map<() => void, number>();

  override schedule(delayMs: number, task: () => void, options?: { readonly isBackground?: boolean }): () => void {
    if (options?.isBackground !== true) {
      return super.schedule(delayMs, task);
    }
    this.held.set(task, delayMs);
    return () => void this.held.delete(task);
  }

  runHeld(): void {
    const tasks = [...this.held.keys()];
    this.held.clear();
    tasks.forEach((task) => task());
  }
}

let folder: TestFolder;
let clock: HeldClock;
let store: SqliteStore;
let statements: string[];

beforeEach(async () => {
  folder = new TestFolder();
  clock = new HeldClock();
  statements = [];
  const onStatement = (sql: string): void => void statements.push(sql);
  store = await openSqliteStore({ path: folder.file(), clock, random, onStatement });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

describe("a use", () => {
  it("asks the database nothing, and is written with all others of some seconds in one transaction", async () => {
    const server = await createServer(store);
    const keys = await Promise.all([createKey(store), createKey(store)]);
    const { id } = await upsert(store, server, someone("ada"));
    const at = clock.now();
    statements = [];
    for (let use = 0; use < 3; use += 1) {
      await Promise.all(keys.map((key) => store.touchVirtualKey(key.id)));
      await store.touchCredential(id);
    }
    expect(statements).toEqual([]);
    expect([...clock.held.values()]).toEqual([5_000]);

    clock.runHeld();
    await vi.waitFor(async () => expect((await store.findCredential(id))?.lastUsedAt).toBe(at));
    for (const key of keys) {
      expect((await store.findVirtualKey(key.id))?.lastUsedAt).toBe(at);
    }
    expect(statements.filter((sql) => !sql.includes("select"))).toEqual(["begin immediate", "commit"]);
    expect(statements.filter((sql) => /^\s*update /.test(sql))).toHaveLength(2);
  });

  it("within a minute of another is not even remembered, and the next one is", async () => {
    const { id } = await createKey(store);
    await store.touchVirtualKey(id);
    clock.runHeld();
    await vi.waitFor(async () => expect((await store.findVirtualKey(id))?.lastUsedAt).toBe(clock.now()));
    clock.advance(59_999);
    await store.touchVirtualKey(id);
    expect(clock.held.size).toBe(0);
    clock.advance(1);
    await store.touchVirtualKey(id);
    expect(clock.held.size).toBe(1);
  });

  it("is noted after the clock was set back", async () => {
    const { id } = await createKey(store);
    await store.touchVirtualKey(id);
    clock.runHeld();
    clock.advance(-3_600_000);
    await store.touchVirtualKey(id);
    expect(clock.held.size).toBe(1);
  });

  it("that could not be written is noted at the next one", async () => {
    const { id } = await createKey(store);
    folder.moveAway();
    await store.touchVirtualKey(id);
    clock.runHeld();
    await expect(store.revokeVirtualKey("vk_unknown", entry("virtual_key.revoked"))).rejects.toMatchObject({
      code: "credential_store_unavailable",
    });
    folder.moveBack();
    await store.touchVirtualKey(id);
    expect(clock.held.size).toBe(1);
    clock.runHeld();
    await vi.waitFor(async () => expect((await store.findVirtualKey(id))?.lastUsedAt).toBe(clock.now()));
  });

  it("of very many rows does not wait: a thousand are written at once", async () => {
    const { id } = await createKey(store);
    await store.touchVirtualKey(id);
    for (let i = 1; i < 1_000; i += 1) {
      await store.touchVirtualKey(`vk_unknown_${i}`);
    }
    expect(clock.held.size).toBe(0);
    await vi.waitFor(async () => expect((await store.findVirtualKey(id))?.lastUsedAt).toBe(clock.now()));
  });
});
