import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { isNetworkFileSystem } from "../../src/store/sqlite/database-file.ts";
import { codeOf, createServer, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

const clock = new TestClock();
let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => {
  folder.remove();
});

function open(path: string): Promise<SqliteStore> {
  return openSqliteStore({ path, clock, random });
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

async function refusal(path: string): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await (await open(path)).close();
  } catch (error) {
    if (error instanceof Error && "code" in error) {
      return { code: String(error.code), message: error.message };
    }
  }
  throw new Error("expected a refusal");
}

async function filled(path: string): Promise<void> {
  const store = await open(path);
  const server = await createServer(store);
  for (let i = 0; i < 50; i += 1) {
    await upsert(store, server, someone(`user-${i}`));
  }
  await store.close();
}

describe("the files of a database", () => {
  it("can be read by their owner only, whatever the umask", async () => {
    const path = folder.file("new/deep/keyward.db");
    const umask = process.umask(0);
    try {
      const store = await open(path);
      await createServer(store);
      expect([modeOf(path), modeOf(`${path}-wal`), modeOf(`${path}-shm`)]).toEqual(["600", "600", "600"]);
      expect([modeOf(dirname(path)), modeOf(dirname(dirname(path)))]).toEqual(["700", "700"]);
      await store.close();
    } finally {
      process.umask(umask);
    }
  });

  it("are closed to others when they were open to them, and the folder that was there keeps its mode", async () => {
    await filled(folder.file());
    chmodSync(folder.file(), 0o644);
    chmodSync(folder.path, 0o755);
    const store = await open(folder.file());
    expect(modeOf(folder.file())).toBe("600");
    expect(modeOf(folder.path)).toBe("755");
    await store.close();
  });

  it("are one file after the store was closed", async () => {
    await filled(folder.file());
    expect(existsSync(`${folder.file()}-wal`)).toBe(false);
    expect(existsSync(`${folder.file()}-shm`)).toBe(false);
  });

  it("work in WAL mode with full synchronisation and foreign keys", async () => {
    const statements: string[] = [];
    const onStatement = (sql: string): void => void statements.push(sql);
    const store = await openSqliteStore({ path: folder.file(), clock, random, onStatement });
    expect(statements).toContain("pragma synchronous = full");
    await store.close();
    const raw = new DatabaseSync(folder.file());
    expect(raw.prepare("pragma journal_mode").get()).toMatchObject({ journal_mode: "wal" });
    raw.close();
  });
});

describe("A63: a path that cannot be used", () => {
  it("is refused by name, with what to do", async () => {
    const directory = join(folder.path, "directory");
    mkdirSync(directory);
    writeFileSync(folder.file("file"), "");
    symlinkSync(folder.file("nowhere"), folder.file("dangling"));
    for (const [path, said] of [
      [directory, /is a directory\. Name a file in it/],
      [join(folder.file("file"), "keyward.db"), /cannot be (reached|created)\. Check that/],
      ["/proc/keyward/keyward.db", /cannot be created\. Check that its folder/],
      [folder.file("dangling"), /cannot be/],
      ["", /is not a path\. Name a file/],
      [":memory:", /is not a path\. Name a file/],
      ["file:keyward.db?mode=memory", /is not a path\. Name a file/],
    ] as const) {
      const { code, message } = await refusal(path);
      expect(code).toBe("store_unusable");
      expect(message).toContain(path);
      expect(message).toMatch(said);
    }
  });

  it.each([
    ["of text", Buffer.from("this is not a database\n".repeat(500))],
    ["too short", Buffer.from("short")],
  ])("because it is a file %s is left as it is", async (_, content) => {
    writeFileSync(folder.file(), content);
    const { code, message } = await refusal(folder.file());
    expect(code).toBe("store_unusable");
    expect(message).toContain(`${folder.file()} is not a SQLite database`);
    expect(readFileSync(folder.file())).toEqual(content);
  });

  it("because it is another program's database is left as it is", async () => {
    const raw = new DatabaseSync(folder.file());
    raw.exec("create table notes (text)");
    raw.close();
    expect(await refusal(folder.file())).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("belongs to another program"),
    });
    const again = new DatabaseSync(folder.file());
    expect(again.prepare("select name from sqlite_schema").all()).toEqual([{ name: "notes" }]);
    again.close();
  });

  it("because only the log is left is not replaced by a new database", async () => {
    const store = await open(folder.file());
    await createServer(store);
    for (const leave of ["missing", "empty"] as const) {
      const copy = folder.file(`${leave}.db`);
      writeFileSync(`${copy}-wal`, readFileSync(`${folder.file()}-wal`));
      if (leave === "empty") {
        writeFileSync(copy, "");
      }
      const { code, message } = await refusal(copy);
      expect(code).toBe("store_unusable");
      expect(message).toContain("write-ahead log");
      expect(existsSync(copy)).toBe(leave === "empty");
    }
    await store.close();
  });

  it("because it lies on a network file system is told from a local one", () => {
    expect([0x6969, 0xff534d42, 0xfe534d42].map(isNetworkFileSystem)).toEqual([true, true, true]);
    expect([0xef53, 0x01021994, 0x794c7630, 0x9123683e].map(isNetworkFileSystem)).toEqual([false, false, false, false]);
  });
});

describe("A63: damage", () => {
  it("is an error in Keyward's words, never an empty answer", async () => {
    await filled(folder.file());
    const bytes = readFileSync(folder.file());
    writeFileSync(folder.file(), bytes.fill(0xff, 4096));
    expect(await refusal(folder.file())).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("is damaged"),
    });
  });

  it("that shows only later leaves what is whole readable", async () => {
    await filled(folder.file());
    const raw = new DatabaseSync(folder.file());
    const { rootpage } = raw.prepare("select rootpage from sqlite_schema where name = 'header_credentials'").get() as {
      rootpage: number;
    };
    raw.close();
    const bytes = readFileSync(folder.file());
    writeFileSync(folder.file(), bytes.fill(0xff, (rootpage - 1) * 4096, rootpage * 4096));
    const store = await open(folder.file());
    const [server] = (await store.listServers({})).items;
    const found = store.readCredential({ serverId: server!.id, identity: someone("user-1") });
    expect(await codeOf(found)).toBe("credential_store_unavailable");
    expect(await codeOf(upsert(store, server!, someone("user-1")))).toBe("credential_store_unavailable");
    await store.close();
  });
});

describe("A63: files that go while the store is open", () => {
  it.each(["database", "log"])("stop every write when the %s is deleted: it would be lost", async (which) => {
    const store = await open(folder.file());
    const server = await createServer(store);
    rmSync(which === "database" ? folder.file() : `${folder.file()}-wal`);
    expect(await codeOf(upsert(store, server, someone("ada")))).toBe("credential_store_unavailable");
    expect(await codeOf(store.ping())).toBe("credential_store_unavailable");
    expect(await store.findServer(server.id)).toEqual(server);
    await store.close();
  });

  it("stop every write when another database takes the place, and let go on when it comes back", async () => {
    const store = await open(folder.file());
    const server = await createServer(store);
    renameSync(folder.file(), folder.file("aside.db"));
    writeFileSync(folder.file(), "");
    expect(await codeOf(upsert(store, server, someone("ada")))).toBe("credential_store_unavailable");
    renameSync(folder.file("aside.db"), folder.file());
    expect(await upsert(store, server, someone("ada"))).toMatchObject({ version: 1 });
    await store.close();
  });
});
