import { getMigrations } from "better-auth/db/migration";
import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { sql } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { mintId } from "../../src/core/token.ts";
import { cookieNames } from "../../src/http/sign-in/cookie.ts";
import { openLibrary } from "../../src/http/sign-in/library.ts";
import { libraryOptions, type LibraryParts } from "../../src/http/sign-in/library-options.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { type OpenedSqlite, openSqlite } from "../../src/store/sqlite/open.ts";

const PUBLIC_URL = "http://127.0.0.1:4180";
const VISITOR = { address: "203.0.113.9", userAgent: "test" };

async function open(): Promise<OpenedSqlite> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-sign-in-"));
  const opened = await openSqlite({
    path: join(folder, "keyward.db"),
    clock: systemClock,
    random: systemRandom,
  });
  onTestFinished(async () => {
    await opened.store.close();
    rmSync(folder, { recursive: true });
  });
  return opened;
}

/** Without real password hashes: what is shown here is what happens between statements. */
function partsOf(database: LibraryParts["database"]): LibraryParts {
  return {
    database,
    secret: "a-secret-of-the-test-0123456789abcdef",
    publicUrl: PUBLIC_URL,
    cookies: cookieNames(PUBLIC_URL),
    mintId: (model) => mintId(model === "user" ? "usr" : "row", systemRandom),
    passwords: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
    beginSession: async () => systemClock.now(),
    plugins: [],
  };
}

async function addPeople({ signInDatabase: { db } }: OpenedSqlite, count: number): Promise<readonly string[]> {
  const now = new Date().toISOString();
  const times = { created_at: now, updated_at: now };
  const emails = Array.from({ length: count }, (_, i) => `person${i}@example.com`);
  for (const email of emails) {
    const id = mintId("usr", systemRandom);
    const user = { id, name: email, email, email_verified: 0, role: "user", is_disabled: 0 };
    await db
      .insertInto("users")
      .values({ ...user, ...times })
      .execute();
    const account = { id: mintId("row", systemRandom), account_id: id, provider_id: "credential", user_id: id };
    await db
      .insertInto("user_accounts")
      .values({ ...account, password: "right", ...times })
      .execute();
  }
  return emails;
}

describe("the tables of the sign-in library", () => {
  it("are those of the migrations: the library would change nothing", async () => {
    const { signInDatabase } = await open();
    const discoveryUrl = "http://127.0.0.1:1/none";
    const plugins = [
      genericOAuth({ config: [{ providerId: "oidc", clientId: "a", clientSecret: "b", discoveryUrl }] }),
    ];
    const found = await getMigrations(libraryOptions({ ...partsOf(signInDatabase), plugins }));
    expect([found.toBeCreated, found.toBeAdded]).toEqual([[], []]);
    expect((await found.compileMigrations()).replace(/;$/, "").trim()).toBe("");
  });

  it("are written in Keyward's own words: ids, times and sessions", async () => {
    const opened = await open();
    const [email = ""] = await addPeople(opened, 1);
    const library = openLibrary(partsOf(opened.signInDatabase));
    const [cookie = ""] = (await library.signInByPassword(email, "right", VISITOR)) ?? [];
    expect(cookie).toMatch(/^keyward=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    const session = await opened.signInDatabase.db.selectFrom("user_sessions").selectAll().executeTakeFirstOrThrow();
    expect(session).toMatchObject({
      id: expect.stringMatching(/^row_/),
      user_id: expect.stringMatching(/^usr_/),
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      ip_address: "203.0.113.9",
      user_agent: "test",
    });
    const token = await library.sessionTokenOf(cookie.split(";")[0] ?? "");
    expect(token).toBe(session.token);
    const found = await opened.store.findSession(token ?? "");
    expect(found).toMatchObject({ sessionId: session.id, user: { email, role: "user", isEnabled: true } });
  });
});

describe("a database that single statements share with everyone's transactions", () => {
  it("loses no acknowledged write while people sign in, and no sign-in fails for others' writes", async () => {
    const opened = await open();
    const { store, signInDatabase } = opened;
    const emails = await addPeople(opened, 20);
    const library = openLibrary(partsOf(signInDatabase));
    const acknowledged: string[] = [];

    async function write(requestId: string): Promise<void> {
      await store.appendAudit({
        requestId,
        address: null,
        actor: { kind: "system" },
        action: "sign_in.failed",
        outcome: "refused",
      });
      acknowledged.push(requestId);
    }

    const signedIn = emails.flatMap((email, i) => [
      library.signInByPassword(email, "right", VISITOR),
      library.signInByPassword(email, "wrong", VISITOR),
      write(`a${i}`),
      write(`b${i}`),
      // A write that fails rolls back what it did, and nothing of anybody else's.
      store.createVirtualKey(BAD_KEY, BAD_ENTRY).catch(() => undefined),
    ]);
    await Promise.all(signedIn);

    const written = await signInDatabase.db.selectFrom("audit_events").select("request_id").execute();
    expect(new Set(written.map((row) => row.request_id))).toEqual(new Set(acknowledged));
    expect(written).toHaveLength(40);
    expect(acknowledged).toHaveLength(40);
    expect(await signInDatabase.db.selectFrom("user_sessions").select("id").execute()).toHaveLength(20);
  });

  it("has no transactions to hold open, and no reading statement that writes", async () => {
    const { db } = (await open()).signInDatabase;
    await expect(db.transaction().execute(async () => {})).rejects.toMatchObject({ code: "internal" });
    await expect(sql`delete from settings`.execute(db)).rejects.toMatchObject({ code: "credential_store_unavailable" });
  });
});

const BAD_ENTRY = {
  requestId: null,
  address: null,
  actor: { kind: "system" },
  action: "virtual_key.created",
  outcome: "ok",
} as const;

/** Refused by the table after the transaction has begun. */
const BAD_KEY = {
  id: "vk_bad",
  name: null as unknown as string,
  prefix: "kw_",
  digest: "d",
  ownerUserId: null,
  isEnabled: true,
  expiresAt: null,
  rateLimitPerMinute: null,
  createdBy: "t",
};
