import { z } from "@hono/zod-openapi";
import {
  FieldFormat,
  headersInput,
  IdentityShown,
  IdParameter,
  json,
  jsonBody,
  orNull,
  SetFrom,
  Time,
  VerificationStrength,
} from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Flows"];

const FlowField = z.object({
  name: z.string().openapi({ description: "Lower-case header name: the key of `headers` in the PUT." }),
  display_name: z.string(),
  label: z.string(),
  help: z.string(),
  help_url: z.string().nullable(),
  secret: z.boolean(),
  required: z.boolean(),
  ...FieldFormat,
  on_file: z.boolean().openapi({ description: "A value is stored; leave the field blank to keep it." }),
  outdated: z.boolean().openapi({
    description:
      "A value is stored that was given before the field expected what it expects now: it has to be given again.",
  }),
});

/** Names only: no value, length or prefix of what is on file (promise P6). */
export const Flow = z
  .object({
    id: z.string(),
    state: z.enum(["pending", "verifying"]),
    server: z.object({ name: z.string(), url_origin: z.string() }),
    identity: IdentityShown,
    requested_by: z.object({
      client_name: z.string().nullable(),
      client_version: z.string().nullable(),
      address: z.string().nullable(),
    }),
    requested_at: Time,
    expires_at: Time,
    now: Time,
    fields: z.array(FlowField),
    static_header_names: z.array(z.string()),
    credential: z
      .object({
        status: z.enum(["active", "needs_update", "rejected", "orphaned"]),
        updated_at: Time,
        set_from: orNull(SetFrom),
      })
      .nullable(),
    proof: z.enum(["temp_token", "virtual_key", "session", "admin", "user"]),
    attempts_left: z.int(),
  })
  .openapi("Flow");

const get = defineRoute("opener", [], {
  method: "get",
  path: "/api/v1/flows/{id}",
  operationId: "getFlow",
  tags,
  summary: "What a link asks for",
  description:
    "The first look of whoever may is noted in the audit log; else it has no effect, however often it is asked. An id that is unknown, expired, used or not yours: 404.",
  request: { params: IdParameter },
  responses: { 200: { description: "The flow.", content: json(Flow) } },
});

const submit = defineRoute(
  "opener",
  [
    "invalid_header_name",
    "invalid_header_value",
    "missing_header_values",
    "flow_busy",
    "schema_changed",
    "upstream_rejected",
    "upstream_redirected",
    "upstream_not_allowed",
    "upstream_protocol",
    "upstream_url_invalid",
    "rate_limited",
    "upstream_unreachable",
    "credential_unreadable",
  ],
  {
    method: "put",
    path: "/api/v1/flows/{id}",
    operationId: "submitFlow",
    tags,
    summary: "Verify values with the server, then store them",
    description: "Nothing is stored unless the answer is 200. A blank or absent value keeps what is on file.",
    request: {
      params: IdParameter,
      body: jsonBody(
        z
          .strictObject({ headers: headersInput("Header name, in any letter case, to value.") })
          .openapi("FlowSubmission", { example: { headers: { "X-API-Key": "..." } } }),
      ),
    },
    responses: {
      200: {
        description: "Stored. The link is used up.",
        content: json(
          z
            .object({
              credential_id: z.string(),
              status: z.literal("active"),
              verification: VerificationStrength,
              version: z.int(),
            })
            .openapi("FlowResult"),
        ),
      },
    },
  },
);

const status = defineRoute("opener", [], {
  method: "get",
  path: "/api/v1/flows/{id}/status",
  operationId: "getFlowStatus",
  tags,
  summary: "How far a flow is",
  request: { params: IdParameter },
  responses: {
    200: {
      description: "The state. `completed`: values were stored through this link and are still the newest.",
      content: json(z.object({ state: z.enum(["pending", "verifying", "completed"]) }).openapi("FlowStatus")),
    },
  },
});

export const flowRoutes = { get, submit, status };
