import type { AuditAction } from "../../src/core/audit.ts";
import type { CredentialRecord } from "../../src/core/credential.ts";
import type { Server } from "../../src/core/server.ts";
import type { ClaimOutcome, CommitOutcome, SubmissionFlow } from "../../src/core/flow-port.ts";
import type { Step } from "../helpers/barriers.ts";
import type { World } from "./race-world.ts";

/*
 * The race matrix of `security.md` 11.4 as a fold: what each step of an order has to answer, given the steps before it,
 * and what there has to be at the end. It knows one binding with a credential and an open link, and nothing of SQL.
 */

interface Link {
  readonly id: string;
  claimedBy: string | null;
  /** Ended by an edit of the server while it was verified: it opens no more, and its commit says so. */
  isCut: boolean;
}

export interface Expected {
  version: number;
  /** There is no row any more. */
  isRevoked: boolean;
  isDeleted: boolean;
  /** Without access. */
  isOrphaned: boolean;
  needsUpdate: boolean;
  /** Whether what carries the credential had to be ended. */
  isEnded: boolean;
  schemaRevision: number;
  /** The link that every submission of a race is of. */
  readonly firstLink: string;
  /** The one live or cut link of the binding. */
  link: Link | null;
  /** Versions of the values that calls carried, in order. */
  readonly used: number[];
  /** Events that have been written, in order. */
  readonly events: AuditAction[];
  /** Steps that answered something else. */
  readonly surprises: string[];
}

export function expectedOf(world: World, steps: readonly Step[]): Expected {
  const expected: Expected = {
    version: world.credential.version,
    isRevoked: false,
    isDeleted: false,
    isOrphaned: false,
    needsUpdate: false,
    isEnded: false,
    schemaRevision: world.server.schemaRevision,
    firstLink: world.flow.id,
    link: { id: world.flow.id, claimedBy: null, isCut: false },
    used: [],
    events: [],
    surprises: [],
  };
  steps.forEach((step, index) => {
    const surprise =
      step.outcome.status === "fulfilled" ? take(expected, step, step.outcome.value) : refused(expected, step);
    if (surprise !== null) {
      expected.surprises.push(`step ${index + 1}, ${step.actor}.${step.call}: ${surprise}`);
    }
  });
  return expected;
}

/** A change of a server may fail: when another one came first, and when the server is gone. */
function refused({ isDeleted }: Expected, { call, outcome }: Step): string | null {
  const reason = outcome.status === "rejected" ? String((outcome.reason as { code?: unknown }).code) : "";
  const isStale = call === "updateServer" && reason === "stale_update";
  return isStale || (isDeleted && reason === "server_not_found") ? null : `failed with ${reason}`;
}

function unlike(answered: unknown, wanted: unknown): string | null {
  return answered === wanted ? null : `answered ${String(answered)}, not ${String(wanted)}`;
}

function take(expected: Expected, { actor, call }: Step, answer: unknown): string | null {
  switch (call) {
    case "initiateFlow":
      return initiated(expected, answer as SubmissionFlow | null);
    case "claimFlow":
      return claimed(expected, actor, (answer as ClaimOutcome).kind);
    case "commitSubmission":
      return committed(expected, actor, (answer as CommitOutcome).kind);
    case "revokeCredential":
      return revoked(expected, answer as CredentialRecord | null);
    case "replaceGrants":
      return lost(expected);
    case "deleteServer":
      return deleted(expected, answer !== null);
    case "regainAccess":
      return regained(expected);
    case "updateServer":
      return edited(expected, answer as { readonly server: Server });
    case "findAccess":
      return unlike(answer === null, expected.isOrphaned);
    case "readCredential":
      return actor.startsWith("call") ? called(expected) : null;
    default:
      return null;
  }
}

/** One row for the binding: a live link is kept, and a dead one replaced. Whoever has no access gets none. */
function initiated(expected: Expected, flow: SubmissionFlow | null): string | null {
  if (expected.isOrphaned || flow === null) {
    return unlike(flow === null, expected.isOrphaned);
  }
  if (expected.link !== null && !expected.link.isCut) {
    return unlike(flow.id, expected.link.id);
  }
  if (flow.id === expected.link?.id || flow.schemaRevision !== expected.schemaRevision) {
    return "a link of before the edit";
  }
  expected.link = { id: flow.id, claimedBy: null, isCut: false };
  expected.events.push("flow.requested");
  return null;
}

function claimed(expected: Expected, actor: string, kind: ClaimOutcome["kind"]): string | null {
  const { link } = expected;
  if (link === null || link.isCut || link.id !== expected.firstLink) {
    return unlike(kind, "gone");
  }
  if (link.claimedBy !== null) {
    return unlike(kind, "busy");
  }
  link.claimedBy = actor;
  return unlike(kind, "claimed");
}

function committed(expected: Expected, actor: string, kind: CommitOutcome["kind"]): string | null {
  const { link } = expected;
  if (link === null || link.claimedBy !== actor) {
    return unlike(kind, "gone");
  }
  expected.link = null;
  if (link.isCut) {
    return unlike(kind, "schema_changed");
  }
  expected.version += 1;
  expected.isEnded = true;
  expected.events.push("credential.verified", "credential.edited");
  return unlike(kind, "committed");
}

function revoked(expected: Expected, row: CredentialRecord | null): string | null {
  if (expected.isRevoked) {
    return unlike(row, null);
  }
  expected.isRevoked = true;
  expected.isEnded = true;
  expected.link = null;
  expected.events.push("credential.revoked");
  return unlike(row?.version, expected.version);
}

function lost(expected: Expected): null {
  expected.isEnded ||= !expected.isRevoked;
  expected.isOrphaned = true;
  expected.link = null;
  expected.events.push("grants.replaced");
  return null;
}

/** Everything goes with it, in one event. */
function deleted(expected: Expected, isFirst: boolean): string | null {
  const surprise = unlike(isFirst, !expected.isDeleted);
  if (!expected.isDeleted) {
    expected.isDeleted = true;
    expected.isOrphaned = true;
    expected.isRevoked = true;
    expected.link = null;
    expected.events.push("server.deleted");
  }
  return surprise;
}

/** The credential is back, and what was begun before is not. */
function regained(expected: Expected): null {
  expected.isOrphaned = false;
  expected.events.push("grants.replaced");
  return null;
}

function edited(expected: Expected, { server }: { readonly server: Server }): null {
  expected.needsUpdate = true;
  expected.schemaRevision = server.schemaRevision;
  if (expected.link !== null && expected.link.claimedBy !== null) {
    expected.link.isCut = true;
  } else {
    expected.link = null;
  }
  expected.events.push("server.updated");
  return null;
}

function called(expected: Expected): null {
  if (!expected.isRevoked && !expected.isOrphaned && !expected.needsUpdate) {
    expected.used.push(expected.version);
  }
  return null;
}
