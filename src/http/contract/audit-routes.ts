import { z } from "@hono/zod-openapi";
import { AUDIT_ACTIONS, AUDIT_EFFECTS } from "../../core/audit.ts";
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
        group: z.string(),
        client: z.string(),
        deleted: z.int(),
        subjects: z.string(),
      })
      .partial()
      .nullable(),
    effects: z.array(z.enum(AUDIT_EFFECTS)).nullable().openapi({
      description:
        "With `credential`: what a change that touched many credentials did to this one. Else null; how many it touched is in `detail`.",
    }),
    previous_hash: z.string(),
    hash: z.string().openapi({ description: "SHA-256 over the event and `previous_hash`." }),
  })
  .openapi("AuditEvent");

/** An actor as one text, see `actorKey` of the core. */
const ACTOR = /^(?:system|(?:admin|user|virtual_key|session|link):[\x21-\x7e]{1,255})$/;

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
      credential: z.string().max(64).optional().openapi({
        description: "Id of a credential: events about it alone, and changes of many that touched it.",
      }),
      auth_mode: Mode.optional(),
      identity: z.string().max(255).optional().openapi({ description: "Identity id; needs `auth_mode`." }),
      actor: z
        .string()
        .regex(ACTOR)
        .optional()
        .openapi({ description: "Who did it: `admin:<id>`, `<auth mode>:<id>`, `link:<flow id>` or `system`." }),
      outcome: z.enum(["ok", "refused"]).optional(),
      since: z.coerce.number().int().min(0).optional().openapi({
        type: "integer",
        description: "Milliseconds since the epoch: only events at or after.",
      }),
      until: z.coerce.number().int().min(0).optional().openapi({
        type: "integer",
        description: "Milliseconds since the epoch: only events before.",
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

const verify = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/audit/verify",
  operationId: "verifyAudit",
  tags: ["Audit"],
  summary: "Whether the log is as it was written",
  description:
    "Reads the whole log and compares each event, its place in the chain and the credentials it touched with what was written. A removed end cannot be seen from within: keep `last_hash` elsewhere and compare.",
  responses: {
    200: {
      description: "What was found.",
      content: json(
        z
          .object({
            intact: z.boolean(),
            events: z.int().openapi({ description: "Events that are as they were written, from the first on." }),
            broken_at: z
              .int()
              .nullable()
              .openapi({ description: "Id of the first event that is not, or before which one is missing." }),
            last_hash: z.string().openapi({ description: "Of the last event that is as it was written." }),
          })
          .openapi("AuditVerdict"),
      ),
    },
  },
});

export const auditRoutes = { list, verify };
