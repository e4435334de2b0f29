import { keepsOpenForms } from "./open-forms.ts";
import type { Server } from "./server.ts";
import type { Reconciliation } from "./access-port.ts";
import type { ServerChange } from "./server-port.ts";

/**
 * Whether calls and streams that are under way to a server may go on after an edit of it: nobody lost anything by it, and
 * what they carry, and where to, is what it would be now.
 */
export function callsGoOn(before: Server, change: ServerChange, after: Server, moved: Reconciliation): boolean {
  const isSamePlace = before.url === after.url && before.status === after.status;
  const isSameLoad = change.staticHeaders === undefined && keepsOpenForms(before.headerSchema, after.headerSchema);
  return isSamePlace && isSameLoad && moved.orphaned === 0 && moved.needsUpdate === 0;
}
