import { answerOf } from "../../../../src/client/client.ts";
import { later, type AuditAction, type AuditEvent, type AuditQuery } from "../../app/admin-api.ts";
import type { AuthMode } from "../../app/admin-shapes.ts";
import { usePages, type Pages } from "../../app/use-pages.ts";

/** As they stand in the address of the page. */
export const FILTER_NAMES = [
  "action",
  "server",
  "credential",
  "kind",
  "identity",
  "actor",
  "outcome",
  "since",
  "until",
] as const;

export type FilterValues = Readonly<Record<(typeof FILTER_NAMES)[number], string | null>>;

export const NO_FILTERS: FilterValues = {
  action: null,
  server: null,
  credential: null,
  kind: null,
  identity: null,
  actor: null,
  outcome: null,
  since: null,
  until: null,
};

const PAGE = 100;

/** What the API is asked for. Days are those of whoever looks. */
function queryOf(values: FilterValues): AuditQuery {
  const { action, server, credential, kind, identity, actor, outcome, since, until } = values;
  const from = startOfDay(since, 0);
  const to = startOfDay(until, 1);
  return {
    ...(action !== null && { action: action as AuditAction }),
    ...(server !== null && { server }),
    ...(credential !== null && { credential }),
    ...(kind !== null && identity !== null && { auth_mode: kind as AuthMode, identity }),
    ...(actor !== null && { actor }),
    ...(outcome !== null && { outcome: outcome as "ok" | "refused" }),
    ...(from !== null && { since: from }),
    ...(to !== null && { until: to }),
  };
}

function startOfDay(text: string | null, later: 0 | 1): number | null {
  const [year, month, day] = (text ?? "").split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  const at = new Date(year, month - 1, day + later).getTime();
  return Number.isNaN(at) ? null : at;
}

export function useEvents(values: FilterValues): Pages<AuditEvent> {
  const query = queryOf(values);
  return usePages<AuditEvent>(["audit", query], (cursor, signal) => {
    const page = { ...query, limit: PAGE, ...(cursor !== null && { cursor }) };
    return answerOf(later.GET("/api/v1/audit", { params: { query: page }, signal }));
  });
}

/** Where the same events are to be had as JSON lines. */
export function exportAddress(values: FilterValues): string {
  const search = new URLSearchParams({ format: "jsonl" });
  for (const [name, value] of Object.entries(queryOf(values))) search.set(name, String(value));
  return `/api/v1/audit?${search.toString()}`;
}
