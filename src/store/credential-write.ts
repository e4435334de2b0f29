import type { Binding, CredentialStatus, SealedCredential, SetFrom, VerificationStrength } from "../core/credential.ts";
import type { SealForSlot } from "../core/credential-port.ts";
import { mintId } from "../core/token.ts";
import { fromBinding, toJsonOrNull } from "./columns.ts";
import { SEALED_COLUMNS, toSealedCredential } from "./credential-row.ts";
import type { Engine, Tx } from "./engine.ts";
import { refuseRetiredKey } from "./sealing-key.ts";

/** The values of a binding on their way into its row. */
export interface Deposit extends Binding {
  readonly origin: string;
  readonly schemaRevision: number;
  readonly fieldNames: readonly string[];
  readonly verification: VerificationStrength | null;
  readonly status: CredentialStatus;
  readonly statusReason: string | null;
  /** The flow that the values came through; null when they came another way. */
  readonly flowId: string | null;
  /** null when nobody is to be told. */
  readonly setFrom: SetFrom | null;
  /** The id that a first value is stored under, if one has been settled. */
  readonly reservedId: string | null;
}

/**
 * A new row with version 1, or the same id and `created_at` with version +1. The values are sealed in between, for
 * exactly that id and version: nobody else can take them, because the transaction holds the binding.
 */
export async function writeCredential(
  engine: Engine,
  tx: Tx,
  deposit: Deposit,
  seal: SealForSlot,
): Promise<SealedCredential> {
  const binding = fromBinding(deposit);
  const existing = await tx.db
    .selectFrom("header_credentials")
    .select(["id", "version"])
    .where("server_id", "=", binding.server_id)
    .where("auth_mode", "=", binding.auth_mode)
    .where("identity_id", "=", binding.identity_id)
    .executeTakeFirst();
  const slot = {
    credentialId: existing?.id ?? deposit.reservedId ?? mintId("cred", engine.random),
    version: (existing?.version ?? 0) + 1,
  };
  const sealed = seal(slot);
  await refuseRetiredKey(tx, sealed.keyId);
  const values = {
    origin: deposit.origin,
    schema_revision: deposit.schemaRevision,
    field_names: JSON.stringify(deposit.fieldNames),
    sealed: sealed.envelope,
    key_id: sealed.keyId,
    version: slot.version,
    status: deposit.status,
    status_reason: deposit.statusReason,
    status_changed_at: tx.now,
    verification: deposit.verification,
    verified_at: deposit.verification === null ? null : tx.now,
    submitted_flow_id: deposit.flowId,
    set_by: toJsonOrNull(deposit.setFrom),
    told_at: null,
    updated_at: tx.now,
  };
  const row = await (existing === undefined
    ? tx.db
        .insertInto("header_credentials")
        .values({
          ...binding,
          ...values,
          id: slot.credentialId,
          orphaned_at: null,
          last_used_at: null,
          created_at: tx.now,
        })
        .returning([...SEALED_COLUMNS])
    : tx.db
        .updateTable("header_credentials")
        .set(values)
        .where("id", "=", existing.id)
        .returning([...SEALED_COLUMNS])
  ).executeTakeFirstOrThrow();
  return toSealedCredential(row);
}
