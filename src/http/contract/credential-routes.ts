import { z } from "@hono/zod-openapi";
import {
  IdentityShown,
  IdParameter,
  flag,
  json,
  jsonBody,
  Mode,
  OptionalTime,
  orNull,
  PageQuery,
  pageOf,
  SetFrom,
  Time,
  VerificationStrength,
} from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Credentials"];

const ShownStatus = z.enum(["active", "needs_update", "rejected", "orphaned"]).openapi("CredentialStatus");

export const Credential = z
  .object({
    id: z.string(),
    server: z.object({ id: z.string(), name: z.string() }),
    identity: IdentityShown,
    url_origin: z.string().openapi({ description: "The only origin the values are sent to." }),
    field_names: z.array(z.string()),
    schema_revision: z.int(),
    version: z.int().openapi({ description: "1 for the first value; +1 for each later one." }),
    status: ShownStatus,
    status_reason: z.string().nullable(),
    orphaned_at: OptionalTime,
    verification: orNull(VerificationStrength),
    verified_at: OptionalTime,
    last_used_at: OptionalTime,
    set_at: Time.openapi({ description: "When these values were set." }),
    set_from: orNull(SetFrom),
    created_at: Time,
    updated_at: Time,
  })
  .openapi("Credential");

const StartedFlow = z
  .object({
    flow_id: z.string(),
    url: z.string().openapi({ description: "For a person to open. May carry a secret after `#`: do not log it." }),
    expires_at: Time,
  })
  .openapi("StartedFlow");

const list = defineRoute("signed_in", [], {
  method: "get",
  path: "/api/v1/credentials",
  operationId: "listCredentials",
  tags,
  summary: "Stored credentials, newest first, without their values",
  description: "An administrator sees all, everyone else their own.",
  request: {
    query: z.strictObject({
      server: z.string().max(64).optional().openapi({ description: "Id of a server." }),
      status: ShownStatus.optional(),
      auth_mode: Mode.optional(),
      identity: z.string().max(255).optional().openapi({ description: "Identity id; needs `auth_mode`." }),
      q: z.string().max(200).optional().openapi({
        description: "Part of the server's name, the virtual key's name or the identity id, in any letter case.",
      }),
      own: flag("`true`: only one's own, for an administrator too."),
      ...PageQuery,
    }),
  },
  responses: { 200: { description: "A page.", content: json(pageOf(Credential)) } },
});

const get = defineRoute("signed_in", ["credential_not_found"], {
  method: "get",
  path: "/api/v1/credentials/{id}",
  operationId: "getCredential",
  tags,
  summary: "One credential, without its values",
  request: { params: IdParameter },
  responses: { 200: { description: "The credential.", content: json(Credential) } },
});

const revoke = defineRoute("signed_in", ["credential_not_found"], {
  method: "delete",
  path: "/api/v1/credentials/{id}",
  operationId: "revokeCredential",
  tags,
  summary: "Revoke a credential",
  description: "After the answer no new request to the server carries the value. Its link, if one is open, ends too.",
  request: { params: IdParameter },
  responses: { 204: { description: "Revoked." } },
});

const NO_BODY = { required: false, content: json(z.strictObject({})) };

const startUpdate = defineRoute("signed_in", ["forbidden", "access_denied", "credential_not_found", "rate_limited"], {
  method: "post",
  path: "/api/v1/credentials/{id}/flow",
  operationId: "startCredentialFlow",
  tags,
  summary: "Make a link to change the values of a credential",
  description: "Only the credential's own identity may. A link that is still open is returned again.",
  request: { params: IdParameter, body: NO_BODY },
  responses: { 201: { description: "The link.", content: json(StartedFlow) } },
});

const start = defineRoute("signed_in", ["forbidden", "server_not_found", "rate_limited"], {
  method: "post",
  path: "/api/v1/servers/{id}/flow",
  operationId: "startServerFlow",
  tags,
  summary: "Make a link to give values before the first call",
  description: "A server that the identity may not use is answered as an unknown one.",
  request: { params: IdParameter, body: NO_BODY },
  responses: { 201: { description: "The link.", content: json(StartedFlow) } },
});

const revokeMany = defineRoute("admin", [], {
  method: "post",
  path: "/api/v1/credentials/revoke",
  operationId: "revokeCredentials",
  tags,
  summary: "Revoke several credentials",
  description:
    "All in one transaction, each with an event of its own. After the answer no new request carries their values. Unknown ids are left out.",
  request: {
    body: jsonBody(
      z.strictObject({ ids: z.array(z.string().max(64)).min(1).max(500) }).openapi("CredentialRevocation"),
    ),
  },
  responses: {
    200: {
      description: "Revoked.",
      content: json(
        z.object({ revoked: z.int().openapi({ description: "How many there were." }) }).openapi("CredentialsRevoked"),
      ),
    },
  },
});

const counts = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/credential-counts",
  operationId: "countCredentials",
  tags,
  summary: "How many credentials each server has, by state",
  description: "Servers without any are left out.",
  responses: {
    200: {
      description: "The counts.",
      content: json(
        z.object({
          items: z.array(
            z
              .object({
                server_id: z.string(),
                active: z.int(),
                needs_update: z.int(),
                rejected: z.int(),
                orphaned: z.int().openapi({ description: "Without access, whatever else their state." }),
              })
              .openapi("CredentialCounts"),
          ),
        }),
      ),
    },
  },
});

const CredentialTest = z
  .object({
    outcome: z.enum(["accepted", "rejected", "unknown"]).openapi({
      description:
        "`rejected`: the server has refused the values twice, and nothing is sent with them any more. `unknown`: it could not be asked, or refuses a request and not the values; nothing is changed.",
    }),
    verification: orNull(VerificationStrength),
    step: z
      .enum(["connect", "list_tools", "probe_tool"])
      .nullable()
      .openapi({ description: "Where the server refused." }),
    code: z
      .enum([
        "upstream_unreachable",
        "upstream_redirected",
        "upstream_not_allowed",
        "upstream_protocol",
        "upstream_url_invalid",
      ])
      .nullable()
      .openapi({ description: "Why it could not be asked." }),
  })
  .openapi("CredentialTest");

const test = defineRoute(
  "signed_in",
  ["forbidden", "access_denied", "credential_not_found", "schema_changed", "rate_limited", "credential_unreadable"],
  {
    method: "post",
    path: "/api/v1/credentials/{id}/test",
    operationId: "testCredential",
    tags,
    summary: "Verify stored values with their server now",
    description: "Only the credential's own identity may, five times a minute.",
    request: { params: IdParameter, body: NO_BODY },
    responses: { 200: { description: "What the server says of them.", content: json(CredentialTest) } },
  },
);

export const credentialRoutes = { list, get, revoke, revokeMany, startUpdate, start, counts, test };
