import { z } from "@hono/zod-openapi";
import { AUDIT_ACTIONS } from "../../core/audit.ts";
import { json, Mode, orNull, PageQuery, pageOf, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";

export const AuditEvent = z
  .object({
    id: z.int(),
    at: Time,
    actor: z.object({
      kind: z.enum(["admin", "identity", "link", "system"]),
      auth_mode: orNull(Mode),
      id: z.string().nullable().openapi({ description: "Of the admin, the identity or the flow." }),
    }),
    action: z.enum(AUDIT_ACTIONS),
    outcome: z.enum(["ok", "refused"]),
    server_id: z.string().nullable(),
    identity: z.object({ auth_mode: Mode, id: z.string() }).nullable(),
    credential_id: z.string().nullable(),
    version: z.int().nullable(),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
    detail: z
      .object({
        name: z.string(),
        fields: z.array(z.string()),
        verification: z.string(),
        reason: z.string(),
        orphaned: z.int(),
        reactivated: z.int(),
        needs_update: z.int(),
        changed: z.array(z.string()),
      })
      .partial()
      .nullable(),
    previous_hash: z.string(),
    hash: z.string().openapi({ description: "SHA-256 over the event and `previous_hash`." }),
  })
  .openapi("AuditEvent");

export const JSON_LINES = "application/x-ndjson";

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/audit",
  operationId: "listAudit",
  tags: ["Audit"],
  summary: "What happened, newest first",
  description: `With \`format=jsonl\`, or \`Accept: ${JSON_LINES}\`, everything that matches, one event a line; then there are no pages.`,
  request: {
    query: z.strictObject({
      action: z.enum(AUDIT_ACTIONS).optional(),
      server: z.string().max(64).optional().openapi({ description: "Id of a server." }),
      credential: z.string().max(64).optional().openapi({ description: "Id of a credential." }),
      auth_mode: Mode.optional(),
      identity: z.string().max(255).optional().openapi({ description: "Identity id; needs `auth_mode`." }),
      since: z.coerce.number().int().min(0).optional().openapi({
        type: "integer",
        description: "Milliseconds since the epoch: only events at or after.",
      }),
      format: z.enum(["json", "jsonl"]).optional(),
      ...PageQuery,
    }),
  },
  responses: {
    200: {
      description: "A page, or all as JSON lines.",
      content: { ...json(pageOf(AuditEvent)), [JSON_LINES]: { schema: z.string() } },
    },
  },
});

export const auditRoutes = { list };
