import { sql } from "kysely";
import type { AuditEntry } from "../core/audit.ts";
import type { FlowStore, FlowToInitiate } from "../core/flow-port.ts";
import { mintId } from "../core/token.ts";
import { bindingHasAccess } from "./access-rule.ts";
import { appendAudit } from "./audit.ts";
import { assertIdentity, fromBinding } from "./columns.ts";
import { RECORD_COLUMNS, toCredentialRecord } from "./credential-row.ts";
import type { Engine, Tx } from "./engine.ts";
import { isLive, subjectOf, toFlow } from "./flow-row.ts";
import type { SubmissionFlowsTable } from "./tables.ts";

type LinkStore = Pick<
  FlowStore,
  | "initiateFlow"
  | "findFlow"
  | "findCompletedFlow"
  | "markFlowOpened"
  | "countOpenerMismatch"
  | "addTempToken"
  | "findTempToken"
>;

/** Flows and the links to them, up to the moment when somebody submits: see `submissions.ts`. */
export function createLinkStore(engine: Engine): LinkStore {
  return {
    async initiateFlow(flow, audit) {
      assertIdentity(flow.identity);
      return engine.write(async (tx) => {
        await deleteDeadFlow(tx, flow);
        const row = await upsertFlow(tx, flow, mintId("cred", engine.random));
        if (row === undefined) {
          return null;
        }
        if (row.id === flow.newFlowId) {
          await appendAudit(tx, [{ ...audit, ...subjectOf(row) }]);
        }
        return toFlow(row);
      });
    },

    async findFlow(id) {
      const row = await engine.read((db, now) =>
        db.selectFrom("submission_flows").selectAll().where("id", "=", id).where(isLive(now)).executeTakeFirst(),
      );
      return row === undefined ? null : toFlow(row);
    },

    async findCompletedFlow(id) {
      const row = await engine.read((db) =>
        db
          .selectFrom("header_credentials")
          .select([...RECORD_COLUMNS])
          .where("submitted_flow_id", "=", id)
          .executeTakeFirst(),
      );
      return row === undefined ? null : toCredentialRecord(row);
    },

    markFlowOpened: (id, audit) =>
      engine.write(async (tx) => {
        const row = await tx.db
          .updateTable("submission_flows")
          .set({ opened_at: tx.now })
          .where("id", "=", id)
          .where("opened_at", "is", null)
          .where(isLive(sql.val(tx.now)))
          .returning(["server_id", "auth_mode", "identity_id", "credential_id"])
          .executeTakeFirst();
        if (row === undefined) {
          return false;
        }
        await appendAudit(tx, [{ ...audit, ...subjectOf(row) }]);
        return true;
      }),

    countOpenerMismatch: (id, limit, audit) => engine.write((tx) => countMismatch(tx, id, limit, audit)),

    addTempToken: ({ digest, scope, flowId, maxLive }) =>
      engine.write(async (tx) => {
        const added = await tx.db
          .insertInto("temp_tokens")
          .columns(["digest", "scope", "resource_id", "created_at"])
          .expression((eb) =>
            eb
              .selectFrom("submission_flows")
              .select([
                sql.val(digest).as("digest"),
                sql.val(scope).as("scope"),
                "submission_flows.id as resource_id",
                sql.val(tx.now).as("created_at"),
              ])
              .where("submission_flows.id", "=", flowId)
              .where(isLive(sql.val(tx.now)))
              .where(
                (inner) =>
                  inner
                    .selectFrom("temp_tokens as other")
                    .select(inner.fn.countAll<number>().as("live"))
                    .whereRef("other.resource_id", "=", "submission_flows.id"),
                "<",
                maxLive,
              ),
          )
          .onConflict((conflict) => conflict.column("digest").doNothing())
          .returning("digest")
          .executeTakeFirst();
        return added !== undefined;
      }),

    async findTempToken(digest) {
      const row = await engine.read((db, now) =>
        db
          .selectFrom("temp_tokens")
          .innerJoin("submission_flows", "submission_flows.id", "temp_tokens.resource_id")
          .select(["temp_tokens.scope", "temp_tokens.resource_id"])
          .where("temp_tokens.digest", "=", digest)
          .where(isLive(now))
          .executeTakeFirst(),
      );
      return row === undefined ? null : { scope: row.scope, resourceId: row.resource_id };
    },
  };
}

/** With it go its tokens: no link to a dead flow may come alive with the flow that takes its place. */
async function deleteDeadFlow(tx: Tx, flow: FlowToInitiate): Promise<void> {
  const { server_id, auth_mode, identity_id } = fromBinding(flow);
  await tx.db
    .deleteFrom("submission_flows")
    .where("server_id", "=", server_id)
    .where("auth_mode", "=", auth_mode)
    .where("identity_id", "=", identity_id)
    .where((eb) => eb.not(isLive(sql.val(tx.now))))
    .execute();
}

async function upsertFlow(
  tx: Tx,
  flow: FlowToInitiate,
  newCredentialId: string,
): Promise<SubmissionFlowsTable | undefined> {
  const { server_id, auth_mode, identity_id } = fromBinding(flow);
  return tx.db
    .insertInto("submission_flows")
    .columns([
      "id",
      "server_id",
      "auth_mode",
      "identity_id",
      "state",
      "attempts",
      "proof_failures",
      "schema_revision",
      "origin",
      "access_epoch",
      "requested_by",
      "credential_id",
      "expires_at",
      "created_at",
      "updated_at",
    ])
    .expression((eb) =>
      eb
        .selectFrom("servers")
        .leftJoin("identity_access", (join) =>
          join
            .onRef("identity_access.server_id", "=", "servers.id")
            .on("identity_access.auth_mode", "=", auth_mode)
            .on("identity_access.identity_id", "=", identity_id),
        )
        .leftJoin("header_credentials", (join) =>
          join
            .onRef("header_credentials.server_id", "=", "servers.id")
            .on("header_credentials.auth_mode", "=", auth_mode)
            .on("header_credentials.identity_id", "=", identity_id),
        )
        .select([
          sql.val(flow.newFlowId).as("id"),
          "servers.id as server_id",
          sql.val(auth_mode).as("auth_mode"),
          sql.val(identity_id).as("identity_id"),
          sql.val("pending").as("state"),
          sql.val(0).as("attempts"),
          sql.val(0).as("proof_failures"),
          "servers.schema_revision",
          "servers.origin",
          sql<number>`coalesce(identity_access.epoch, 0)`.as("access_epoch"),
          sql.val(JSON.stringify(flow.requestedBy)).as("requested_by"),
          sql<string>`coalesce(header_credentials.id, ${newCredentialId})`.as("credential_id"),
          sql.val(tx.now + flow.ttlMs).as("expires_at"),
          sql.val(tx.now).as("created_at"),
          sql.val(tx.now).as("updated_at"),
        ])
        .where("servers.id", "=", server_id)
        .where("servers.auth_type", "=", "per_user_headers")
        .where(bindingHasAccess(flow)),
    )
    .onConflict((conflict) =>
      conflict.columns(["server_id", "auth_mode", "identity_id"]).doUpdateSet({
        expires_at: sql<number>`case
          when excluded.expires_at < submission_flows.created_at + ${2 * flow.ttlMs} then excluded.expires_at
          else submission_flows.created_at + ${2 * flow.ttlMs}
        end`,
        updated_at: tx.now,
      }),
    )
    .returningAll()
    .executeTakeFirst();
}

async function countMismatch(tx: Tx, id: string, limit: number, audit: AuditEntry): Promise<void> {
  const row = await tx.db
    .updateTable("submission_flows")
    .set((eb) => ({
      proof_failures: eb("proof_failures", "+", 1),
      locked_at: sql<number | null>`case when proof_failures + 1 >= ${limit} then ${tx.now} else null end`,
      updated_at: tx.now,
    }))
    .where("id", "=", id)
    .where(isLive(sql.val(tx.now)))
    .returning(["server_id", "auth_mode", "identity_id", "credential_id"])
    .executeTakeFirst();
  if (row !== undefined) {
    await appendAudit(tx, [{ ...audit, ...subjectOf(row) }]);
  }
}
