import { expect, it } from "vitest";
import type { AuditAction, AuditEvent } from "../../src/core/audit.ts";
import type { CredentialRecord } from "../../src/core/credential.ts";
import { History } from "../helpers/history.ts";

/** The checker itself: that it finds what it is there to find. */

function eventsOf(...changes: readonly (readonly [AuditAction, string, number])[]): readonly AuditEvent[] {
  return changes.map(([action, credentialId, version]) => ({ action, credentialId, version }) as AuditEvent);
}

function rowsOf(...rows: readonly (readonly [string, number])[]): readonly CredentialRecord[] {
  return rows.map(([id, version]) => ({ id, version }) as CredentialRecord);
}

function historyOf(...changes: readonly (readonly [AuditAction, string, number])[]): History {
  const history = new History();
  changes.forEach(([action, credentialId, version]) => history.acknowledge({ action, credentialId, version }, 10));
  return history;
}

const STORED = ["credential.stored", "c", 1] as const;
const EDITED = ["credential.edited", "c", 2] as const;
const REVOKED = ["credential.revoked", "c", 2] as const;

it("finds nothing where everything is as it was acknowledged", () => {
  expect(historyOf(STORED, EDITED).violations(eventsOf(STORED, EDITED), rowsOf(["c", 2]))).toEqual([]);
  expect(historyOf(STORED, EDITED, REVOKED).violations(eventsOf(STORED, EDITED, REVOKED), [])).toEqual([]);
});

it("finds a change that was acknowledged and is not there, and one that is there twice", () => {
  expect(historyOf(STORED, EDITED).violations(eventsOf(STORED), rowsOf(["c", 1]))).toEqual([
    "credential.edited c 2: acknowledged 1 times, written 0 times",
  ]);
  expect(historyOf(STORED).violations(eventsOf(STORED, STORED), rowsOf(["c", 1]))).toContain(
    "credential.stored c 1: acknowledged 1 times, written 2 times",
  );
});

it("finds a change that nobody asked for, unless somebody was left in the dark", () => {
  const history = historyOf(STORED);
  const events = eventsOf(STORED, EDITED);
  expect(history.violations(events, rowsOf(["c", 2]))).toEqual(["credential.edited c 2: nobody was told"]);
  history.unknown = 1;
  expect(history.violations(events, rowsOf(["c", 2]))).toEqual([]);
});

it("finds versions that are left out or come after the end", () => {
  const third = ["credential.edited", "c", 3] as const;
  expect(historyOf(STORED, third).violations(eventsOf(STORED, third), rowsOf(["c", 3]))).toEqual([
    "c: version 3 after 1",
  ]);
  const back = historyOf(STORED, EDITED, REVOKED, third);
  expect(back.violations(eventsOf(STORED, EDITED, REVOKED, third), rowsOf(["c", 3]))).toEqual([
    "c: version 3 after 2 and its end",
  ]);
});

it("finds a row that the log does not know, and one that is gone without a word", () => {
  expect(historyOf(STORED).violations(eventsOf(STORED), rowsOf(["c", 2]))).toEqual([
    "c: the log says version 1, the row 2",
  ]);
  expect(historyOf(STORED).violations(eventsOf(STORED), [])).toEqual(["c: the log says version 1, the row none"]);
});

it("finds a link that was won twice, and a use after a revoke and its bound", () => {
  const history = historyOf(STORED, EDITED, REVOKED);
  history.win("flow_1");
  history.win("flow_1");
  history.uses.push({ credentialId: "c", version: 2, at: 10 }, { credentialId: "c", version: 2, at: 13 });
  const events = eventsOf(STORED, EDITED, REVOKED);
  expect(history.violations(events, [], 2)).toEqual(["flow_1 was won 2 times", "c 2: used after its revocation"]);
  expect(history.violations(events, [], 3)).toEqual(["flow_1 was won 2 times"]);
});
