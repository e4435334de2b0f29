import { describe, expect, it } from "vitest";
import { nextStatus, shownStatus, type CredentialEvent, type CredentialStatus } from "./credential.ts";

const SATISFIED: CredentialEvent = { type: "schema_changed", isSatisfied: true };
const UNSATISFIED: CredentialEvent = { type: "schema_changed", isSatisfied: false };

const TABLE: ReadonlyArray<readonly [CredentialEvent, Record<CredentialStatus, CredentialStatus>]> = [
  [{ type: "submission_committed" }, { active: "active", needs_update: "active", rejected: "active" }],
  [UNSATISFIED, { active: "needs_update", needs_update: "needs_update", rejected: "rejected" }],
  [SATISFIED, { active: "active", needs_update: "active", rejected: "rejected" }],
  [{ type: "origin_changed" }, { active: "needs_update", needs_update: "needs_update", rejected: "needs_update" }],
  [{ type: "upstream_rejected" }, { active: "rejected", needs_update: "needs_update", rejected: "rejected" }],
];

describe("the credential's states", () => {
  it("follow the table", () => {
    for (const [event, row] of TABLE) {
      for (const from of ["active", "needs_update", "rejected"] as const) {
        expect([from, event, nextStatus(from, event)]).toEqual([from, event, row[from]]);
      }
    }
  });

  it("are shown as orphaned while access is lost, whatever lies beneath", () => {
    for (const status of ["active", "needs_update", "rejected"] as const) {
      expect(shownStatus({ status, orphanedAt: 1 })).toBe("orphaned");
      expect(shownStatus({ status, orphanedAt: null })).toBe(status);
    }
  });
});
