import { copyFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditVerdict } from "../../src/core/audit.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { createServer, entry, grantTo, someone, upsert } from "../contract/fixtures.ts";
import { random, TestClock, TestFolder } from "./sqlite-harness.ts";

/*
 * Somebody who can write the database file, and has no key of anything, changes what the log says. The triggers do not
 * stop them: they drop those first.
 */

/** Over more than one page of the verification. */
const EVENTS = 230;
/** The change of grants that orphaned three credentials. */
const WITH_SUBJECTS = 6;

const folder = new TestFolder();

function open(file: string): Promise<SqliteStore> {
  return openSqliteStore({ path: folder.file(file), clock: new TestClock(), random });
}

beforeAll(async () => {
  const store = await open("written.db");
  const server = await createServer(store, { allowAllIdentities: false });
  const people = ["ada", "bob", "eve"].map(someone);
  await grantTo(store, server, people);
  for (const one of people) {
    await upsert(store, server, one);
  }
  await grantTo(store, server, []);
  for (let id = WITH_SUBJECTS; id < EVENTS; id += 1) {
    await store.appendAudit(entry("server.verified", { serverId: server.id, detail: { verification: "proven" } }));
  }
  await store.close();
}, 120_000);
afterAll(() => folder.remove());

const WITHOUT_TRIGGERS = ["audit_events", "audit_event_subjects"].flatMap((table) => [
  `drop trigger ${table}_no_update`,
  `drop trigger ${table}_no_delete`,
]);

function run(file: string, statements: readonly string[]): void {
  const raw = new DatabaseSync(folder.file(file));
  try {
    statements.forEach((statement) => raw.exec(statement));
  } finally {
    raw.close();
  }
}

async function verdictAfter(...statements: readonly string[]): Promise<AuditVerdict> {
  copyFileSync(folder.file("written.db"), folder.file("tampered.db"));
  run("tampered.db", [...WITHOUT_TRIGGERS, ...statements]);
  const store = await open("tampered.db");
  const verdict = await store.verifyAudit();
  await store.close();
  return verdict;
}

it("an untouched log is intact, and refuses every change by whoever leaves the triggers alone", async () => {
  expect(await verdictAfter()).toMatchObject({ isIntact: true, events: EVENTS, brokenAt: null });
  for (const [table, column] of [
    ["audit_events", "action"],
    ["audit_event_subjects", "effect"],
  ]) {
    for (const statement of [`update ${table} set ${column} = 'deleted'`, `delete from ${table}`]) {
      expect(() => run("written.db", [statement]), statement).toThrow(/append only/);
    }
  }
});

const COPY_OF_FIRST = `
  insert into audit_events (id, at, actor, action, outcome, previous_hash, hash)
  select -5, at, actor, action, outcome, previous_hash, hash from audit_events where id = 1`;

describe("a log that was tampered with is found out when", () => {
  it.each<readonly [string, number, readonly string[]]>([
    ["an action is changed", 210, ["update audit_events set action = 'server.deleted' where id = 210"]],
    ["an actor is changed", 7, [`update audit_events set actor = '{"kind":"admin","id":"adm_2"}' where id = 7`]],
    [
      "an actor gets a member that nothing hashes",
      7,
      [`update audit_events set actor = '{"kind":"admin","id":"adm_1","name":"x"}' where id = 7`],
    ],
    ["a time is changed", 1, ["update audit_events set at = at - 1 where id = 1"]],
    ["an address is taken out", EVENTS, [`update audit_events set address = null where id = ${EVENTS}`]],
    [
      "a detail gets a member that nothing hashes",
      9,
      ["update audit_events set detail = json_set(detail, '$.note', 'x') where id = 9"],
    ],
    ["a detail is taken out", 9, ["update audit_events set detail = null where id = 9"]],
    ["an event is removed", 201, ["delete from audit_events where id = 200"]],
    ["the first event is removed", 2, ["delete from audit_events where id = 1"]],
    [
      "an event is removed and what follows moves up",
      200,
      [
        "delete from audit_events where id = 200",
        "update audit_events set id = id - 1000 where id > 200",
        "update audit_events set id = id + 999 where id < 0",
      ],
    ],
    [
      "two events change places",
      8,
      [
        "update audit_events set id = 1000 where id = 8",
        "update audit_events set id = 8 where id = 9",
        "update audit_events set id = 9 where id = 1000",
      ],
    ],
    ["an event is put before the first", -5, [COPY_OF_FIRST]],
    ["a hash is changed", 20, [`update audit_events set hash = '${"f".repeat(64)}' where id = 20`]],
    [
      "a subject is removed",
      WITH_SUBJECTS,
      ["delete from audit_event_subjects where credential_id = (select min(credential_id) from audit_event_subjects)"],
    ],
    ["all subjects are removed", WITH_SUBJECTS, ["delete from audit_event_subjects"]],
    ["an effect is changed", WITH_SUBJECTS, ["update audit_event_subjects set effect = 'reactivated'"]],
    [
      "a subject is added to an event that has some",
      WITH_SUBJECTS,
      [`insert into audit_event_subjects values (${WITH_SUBJECTS}, 'cred_innocent', 'orphaned')`],
    ],
    [
      "a subject is added to an event that has none",
      3,
      ["insert into audit_event_subjects values (3, 'cred_innocent', 'orphaned')"],
    ],
    [
      "a subject is added for an event that is still to come",
      EVENTS + 7,
      [`insert into audit_event_subjects values (${EVENTS + 7}, 'cred_innocent', 'orphaned')`],
    ],
    [
      "a subject is added for an event before the first",
      -1,
      ["insert into audit_event_subjects values (-1, 'cred_innocent', 'orphaned')"],
    ],
  ])("%s", async (_, brokenAt, statements) => {
    const verdict = await verdictAfter(...statements);
    expect(verdict).toMatchObject({ isIntact: false, brokenAt });
    expect(verdict.events).toBeLessThanOrEqual(EVENTS);
  });

  it("the end is removed, by whoever has kept the last hash elsewhere", async () => {
    const { lastHash } = await verdictAfter();
    const shorter = await verdictAfter(`delete from audit_events where id > ${EVENTS - 5}`);
    expect(shorter).toMatchObject({ isIntact: true, events: EVENTS - 5 });
    expect(shorter.lastHash).not.toBe(lastHash);
  });
});
