import type { AuditAction } from "../core/audit.ts";
import type { Binding } from "../core/credential.ts";
import { toBinding } from "./columns.ts";
import type { Engine } from "./engine.ts";

const STORING: readonly AuditAction[] = ["credential.stored", "credential.edited"];
const MAX_AT_ONCE = 1_000;

/** See `CredentialStore.listStoredSince`. */
export async function listStoredSince(
  engine: Engine,
  position: number | null,
): Promise<{ readonly position: number; readonly bindings: readonly Binding[] }> {
  const end = await engine.read((db) =>
    db.selectFrom("audit_events").select("id").orderBy("id", "desc").limit(1).executeTakeFirst(),
  );
  const head = end?.id ?? 0;
  if (position === null || position >= head) {
    return { position: head, bindings: [] };
  }
  const rows = await engine.read((db) =>
    db
      .selectFrom("audit_events")
      .select(["id", "server_id", "auth_mode", "identity_id"])
      .where("id", ">", position)
      .where("id", "<=", head)
      .where("action", "in", STORING)
      .orderBy("id")
      .limit(MAX_AT_ONCE)
      .execute(),
  );
  return {
    position: rows.length < MAX_AT_ONCE ? head : (rows.at(-1)?.id ?? head),
    bindings: rows.map(({ server_id, auth_mode, identity_id }) =>
      toBinding({ server_id: server_id ?? "", auth_mode: auth_mode ?? "", identity_id: identity_id ?? "" }),
    ),
  };
}
