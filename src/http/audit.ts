import type { z } from "@hono/zod-openapi";
import type { Actor, AuditDetail, AuditEvent } from "../core/audit.ts";
import { KeywardError } from "../core/errors.ts";
import type { AuditFilter, AuditStore } from "../core/audit-port.ts";
import type { Page } from "../core/page.ts";
import { auditRoutes, JSON_LINES, type AuditEvent as AuditEventSchema } from "./contract/audit-routes.ts";
import { defined, identityFilterOf, pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";

type Shown = z.output<typeof AuditEventSchema>;

const EXPORT_PAGE = 500;

export function mountAudit(
  mount: Mount,
  parts: { readonly store: Pick<AuditStore, "listAudit" | "verifyAudit"> },
): void {
  const { store } = parts;

  /** The first page is read before an answer is begun, so that a store that fails is a 503 and not an empty file. */
  async function exportLines(filter: AuditFilter): Promise<ReadableStream<Uint8Array>> {
    let page: Page<AuditEvent> | null = await store.listAudit(filter, { limit: EXPORT_PAGE });
    const encoder = new TextEncoder();
    return new ReadableStream({
      async pull(controller) {
        page ??= { items: [], nextCursor: null };
        const { items, nextCursor } = page;
        if (items.length > 0) {
          controller.enqueue(encoder.encode(items.map((event) => `${JSON.stringify(show(event))}\n`).join("")));
        }
        if (nextCursor === null) {
          controller.close();
          return;
        }
        page = await store.listAudit(filter, { limit: EXPORT_PAGE, cursor: nextCursor });
      },
    });
  }

  mount(auditRoutes.list, async (c) => {
    const query = c.req.valid("query");
    const filter: AuditFilter = defined({
      action: query.action,
      serverId: query.server,
      credentialId: query.credential,
      actor: query.actor,
      outcome: query.outcome,
      since: query.since,
      until: query.until,
      identity: identityFilterOf(query),
    });
    const isExport = query.format === undefined ? accepts(c.req.header("accept")) : query.format === "jsonl";
    if (isExport) {
      if (query.limit !== undefined || query.cursor !== undefined) {
        throw new KeywardError("invalid_request", { message: "An export has no pages: leave out limit and cursor." });
      }
      // The library has no type for an answer that is JSON lines.
      return c.body(await exportLines(filter), 200, { "Content-Type": JSON_LINES }) as never;
    }
    const page = await store.listAudit(filter, pageRequestOf(query));
    return c.json({ items: page.items.map(show), next_cursor: page.nextCursor }, 200);
  });

  mount(auditRoutes.verify, async (c) => {
    const { isIntact, events, brokenAt, lastHash } = await store.verifyAudit();
    return c.json({ intact: isIntact, events, broken_at: brokenAt, last_hash: lastHash }, 200);
  });
}

function accepts(accept: string | undefined): boolean {
  return /^(?:application\/x-ndjson|application\/jsonl)\b/i.test(accept ?? "");
}

function show(event: AuditEvent): Shown {
  return {
    id: event.id,
    at: event.at,
    actor: showActor(event.actor),
    action: event.action,
    outcome: event.outcome,
    server_id: event.serverId ?? null,
    identity: event.identity === undefined ? null : { auth_mode: event.identity.mode, id: event.identity.id },
    credential_id: event.credentialId ?? null,
    version: event.version ?? null,
    request_id: event.requestId,
    address: event.address,
    detail: event.detail === undefined ? null : showDetail(event.detail),
    effects: event.effects === undefined ? null : [...event.effects],
    previous_hash: event.previousHash,
    hash: event.hash,
  };
}

function showActor(actor: Actor): Shown["actor"] {
  switch (actor.kind) {
    case "admin":
      return { kind: "admin", auth_mode: null, id: actor.id };
    case "identity":
      return { kind: "identity", auth_mode: actor.identity.mode, id: actor.identity.id };
    case "link":
      return { kind: "link", auth_mode: null, id: actor.flowId };
    case "system":
      return { kind: "system", auth_mode: null, id: null };
  }
}

// Key by key, so that whatever else a row may hold is not shown.
function showDetail(detail: AuditDetail): NonNullable<Shown["detail"]> {
  return defined({
    name: detail.name,
    fields: detail.fields && [...detail.fields],
    verification: detail.verification,
    reason: detail.reason,
    orphaned: detail.orphaned,
    reactivated: detail.reactivated,
    needs_update: detail.needsUpdate,
    changed: detail.changed && [...detail.changed],
    group: detail.group,
    client: detail.client,
    deleted: detail.deleted,
    subjects: detail.subjects,
  });
}
