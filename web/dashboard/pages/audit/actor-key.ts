import type { AuditEvent } from "../../app/admin-api.ts";

/** An actor as the API's filter names it. */
export function actorKeyOf({ kind, auth_mode: mode, id }: AuditEvent["actor"]): string {
  if (kind === "system" || id === null) return "system";
  return `${kind === "identity" && mode !== null ? mode : kind}:${id}`;
}
