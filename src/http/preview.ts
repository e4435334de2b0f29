import type { z } from "@hono/zod-openapi";
import type { Intent } from "../core/people-port.ts";
import type { Reconciliation } from "../core/access-port.ts";
import type { DryRunQuery, Preview } from "./contract/fields.ts";
import { showReconciliation } from "./server-view.ts";

/** Whether a request asks for the change, or for what it would do. */
export function intentOf(query: z.output<typeof DryRunQuery>): Intent {
  return query.dry_run === "true" ? "preview" : "apply";
}

export function showPreview(change: Reconciliation): z.output<typeof Preview> {
  return { preview: { ...showReconciliation(change), people: change.people } };
}
