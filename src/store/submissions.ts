import { sql } from "kysely";
import type { SealedCredential } from "../core/credential.ts";
import type { ClaimOutcome, CommitOutcome, FlowStore, SubmissionToCommit } from "../core/flow-port.ts";
import { rowHasAccess } from "./access-rule.ts";
import { appendAudit } from "./audit.ts";
import { fromBit, toBinding } from "./columns.ts";
import { writeCredential } from "./credential-write.ts";
import type { Engine, Tx } from "./engine.ts";
import { isLive, isUnclaimed, subjectOf, toFlow } from "./flow-row.ts";
import { toServer } from "./server-row.ts";
import type { SubmissionFlowsTable } from "./tables.ts";
import type { Touches } from "./touch.ts";

type SubmissionStore = Pick<FlowStore, "claimFlow" | "commitSubmission" | "releaseFlow">;

/** Claim -> verify -> commit | release. The network call lies between two of these transactions, never inside one. */
export function createSubmissionStore(engine: Engine, touches: Touches): SubmissionStore {
  return {
    claimFlow: (id, claimId, { leaseMs, maxAttempts }) =>
      engine.write(async (tx) => {
        const row = await claim(tx, id, claimId, leaseMs, maxAttempts);
        if (row === undefined) {
          return whyNotClaimed(tx, id, maxAttempts);
        }
        const server = await tx.db
          .selectFrom("servers")
          .selectAll()
          .where("id", "=", row.server_id)
          .executeTakeFirstOrThrow();
        return { kind: "claimed", flow: toFlow(row), server: toServer(server) };
      }),

    async commitSubmission(submission) {
      await touches.flush();
      return engine.write(async (tx): Promise<CommitOutcome> => {
        const claimed = await readClaim(tx, submission);
        if (claimed === undefined) {
          return { kind: "gone" };
        }
        const verdict = judge(claimed, tx.now);
        await deleteFlow(tx, claimed.id);
        if (verdict !== "ok") {
          return { kind: verdict };
        }
        const credential = await store(engine, tx, claimed, submission);
        await tx.announceStored(claimed);
        return { kind: "committed", credential };
      });
    },

    releaseFlow: (id, claimId, outcome, { maxAttempts, audit }) =>
      engine.write(async (tx) => {
        const released = await tx.db
          .updateTable("submission_flows")
          .set((eb) => ({
            state: "pending",
            claim_id: null,
            claim_until: null,
            attempts: eb("attempts", "-", outcome === "unknown" ? 1 : 0),
            updated_at: tx.now,
          }))
          .where("id", "=", id)
          .where("claim_id", "=", claimId)
          .returningAll()
          .executeTakeFirst();
        if (released !== undefined) {
          await appendAudit(tx, [{ ...audit, ...subjectOf(released) }]);
        }
        const left = await readAttemptsLeft(tx, id, maxAttempts);
        if (released !== undefined && left === 0) {
          await deleteFlow(tx, id);
        }
        return left;
      }),
  };
}

// One conditional statement: of any number of racing claims, one finds the row unclaimed.
async function claim(
  tx: Tx,
  id: string,
  claimId: string,
  leaseMs: number,
  maxAttempts: number,
): Promise<SubmissionFlowsTable | undefined> {
  return tx.db
    .updateTable("submission_flows")
    .set((eb) => ({
      state: "verifying",
      claim_id: claimId,
      claim_until: tx.now + leaseMs,
      attempts: eb("attempts", "+", 1),
      updated_at: tx.now,
    }))
    .where("id", "=", id)
    .where("attempts", "<", maxAttempts)
    .where(isLive(sql.val(tx.now)))
    .where(isUnclaimed(sql.val(tx.now)))
    .where(rowHasAccess("submission_flows"))
    .returningAll()
    .executeTakeFirst();
}

async function whyNotClaimed(tx: Tx, id: string, maxAttempts: number): Promise<ClaimOutcome> {
  const row = await tx.db
    .selectFrom("submission_flows")
    .select(["attempts", sql<number>`${isUnclaimed(sql.val(tx.now))}`.as("is_unclaimed")])
    .where("id", "=", id)
    .where(isLive(sql.val(tx.now)))
    .where(rowHasAccess("submission_flows"))
    .executeTakeFirst();
  if (row === undefined) {
    return { kind: "gone" };
  }
  if (!fromBit(row.is_unclaimed)) {
    return { kind: "busy" };
  }
  // A crash during the last attempt: the flow can never be claimed again, and must not stand in the way of a new one.
  if (row.attempts >= maxAttempts) {
    await deleteFlow(tx, id);
  }
  return { kind: "gone" };
}

interface Claim extends SubmissionFlowsTable {
  readonly has_access: number;
  readonly epoch_now: number | null;
  readonly form_revision_now: number;
  readonly origin_now: string;
}

async function readClaim(tx: Tx, { flowId, claimId }: SubmissionToCommit): Promise<Claim | undefined> {
  return tx.db
    .selectFrom("submission_flows")
    .innerJoin("servers", "servers.id", "submission_flows.server_id")
    .leftJoin("identity_access", (join) =>
      join
        .onRef("identity_access.server_id", "=", "submission_flows.server_id")
        .onRef("identity_access.auth_mode", "=", "submission_flows.auth_mode")
        .onRef("identity_access.identity_id", "=", "submission_flows.identity_id"),
    )
    .selectAll("submission_flows")
    .select([
      sql<number>`${rowHasAccess("submission_flows")}`.as("has_access"),
      "identity_access.epoch as epoch_now",
      "servers.form_revision as form_revision_now",
      "servers.origin as origin_now",
    ])
    .where("submission_flows.id", "=", flowId)
    .where("submission_flows.claim_id", "=", claimId)
    .executeTakeFirst();
}

/** Everything that was true at the claim is asked again: a revoke, an access change or an edit meanwhile wins. */
function judge(claimed: Claim, now: number): "ok" | "gone" | "schema_changed" {
  if (!fromBit(claimed.has_access) || claimed.access_epoch !== (claimed.epoch_now ?? 0)) {
    return "gone";
  }
  // A later edit that the form does not mind lets it through; its values are sealed under the revision that it was of.
  if (claimed.schema_revision < claimed.form_revision_now || claimed.origin !== claimed.origin_now) {
    return "schema_changed";
  }
  // A live claim protects a flow beyond its expiry; without either, a sweep may take it at any moment.
  const isLapsed = (claimed.claim_until ?? 0) <= now;
  return isLapsed && claimed.expires_at <= now ? "gone" : "ok";
}

async function store(
  engine: Engine,
  tx: Tx,
  claimed: Claim,
  { fieldNames, verification, seal, actor, requestOrigin, setFrom }: SubmissionToCommit,
): Promise<SealedCredential> {
  const deposit = {
    ...toBinding(claimed),
    origin: claimed.origin,
    schemaRevision: claimed.schema_revision,
    fieldNames,
    verification,
    status: "active",
    statusReason: null,
    flowId: claimed.id,
    setFrom,
    reservedId: claimed.credential_id,
  } as const;
  const stored = await writeCredential(engine, tx, deposit, seal);
  const { serverId, identity, id, version } = stored;
  const event = { ...requestOrigin, actor, outcome: "ok", serverId, identity, credentialId: id, version } as const;
  const client = setFrom.client === null ? {} : { client: setFrom.client };
  await appendAudit(tx, [
    { ...event, action: "credential.verified", detail: { verification } },
    {
      ...event,
      action: version === 1 ? "credential.stored" : "credential.edited",
      detail: { fields: fieldNames, verification, ...client },
    },
  ]);
  return stored;
}

async function readAttemptsLeft(tx: Tx, id: string, maxAttempts: number): Promise<number> {
  const row = await tx.db
    .selectFrom("submission_flows")
    .select("attempts")
    .where("id", "=", id)
    .where(isLive(sql.val(tx.now)))
    .executeTakeFirst();
  return row === undefined ? 0 : Math.max(0, maxAttempts - row.attempts);
}

async function deleteFlow(tx: Tx, id: string): Promise<void> {
  await tx.db.deleteFrom("submission_flows").where("id", "=", id).execute();
}
