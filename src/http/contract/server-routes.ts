import { z } from "@hono/zod-openapi";
import {
  AccessChange,
  DryRunQuery,
  headersInput,
  IdParameter,
  json,
  jsonBody,
  orNull,
  orPreview,
  PageQuery,
  pageOf,
  PREVIEWED,
  Time,
  VerificationStrength,
} from "./fields.ts";
import { defineRoute } from "./route.ts";
import { ToolArguments } from "./tool-arguments.ts";

const tags = ["Servers"];

const AuthType = z.enum(["none", "headers", "per_user_headers"]).openapi("AuthType", {
  description:
    "`none`: the server asks for nothing. `headers`: static headers, the same for everyone. `per_user_headers`: each identity gives its own.",
});
const LinkPolicy = z.enum(["inherit", "key_proof"]).openapi("LinkPolicy", {
  description:
    "`inherit`: what the deployment allows. `key_proof`: whoever opens a link must present the key, even where a link alone would do.",
});
export const ToolNames = z.array(z.string().min(1).max(128)).max(1000).nullable();

const HeaderFieldInput = z
  .strictObject({
    name: z.string().max(200).openapi({ example: "X-API-Key" }),
    label: z.string().max(1000).optional(),
    help: z.string().max(1000).optional(),
    help_url: z.string().max(1000).nullable().optional(),
    secret: z.boolean().optional().openapi({ description: "Whether the input hides what is typed. Default true." }),
    required: z.boolean().optional().openapi({ description: "Default true." }),
  })
  .openapi("HeaderFieldInput");

const HeaderField = z
  .object({
    name: z.string().openapi({ description: "As the administrator wrote it; letter case does not matter." }),
    label: z.string(),
    help: z.string(),
    help_url: z.string().nullable(),
    secret: z.boolean(),
    required: z.boolean(),
  })
  .openapi("HeaderField");

const ProbeTool = z.strictObject({
  name: z.string().min(1).max(128),
  arguments: ToolArguments.default({}),
});

const STATIC_HEADERS = "Header name to value, sent with every request to the server. Stored encrypted, never shown.";
const SAMPLE_HEADERS = "Values for one verification. Never stored.";
const PROBE_TOOL =
  "A harmless tool that only works with a valid key; called during verification. Without one, a server that lists its tools to anybody accepts any value.";
const NEGATIVE_CONTROL = "Whether a wrong value is tried too, to tell `proven` from `accepted`. Default true.";

export const NewServer = z
  .strictObject({
    name: z.string().max(200).openapi({ example: "github", description: "a-z, 0-9 and _, 1 to 32, unique." }),
    url: z.string().max(4096).openapi({ example: "https://mcp.example.com/mcp" }),
    auth_type: AuthType,
    header_schema: z.array(HeaderFieldInput).max(100).default([]),
    static_headers: headersInput(STATIC_HEADERS).optional(),
    sample_headers: headersInput(SAMPLE_HEADERS).optional(),
    allow_all_identities: z.boolean().default(false),
    link_policy: LinkPolicy.default("inherit"),
    verification: z
      .strictObject({
        probe_tool: ProbeTool.nullable().default(null).openapi({ description: PROBE_TOOL }),
        negative_control: z.boolean().default(true).openapi({ description: NEGATIVE_CONTROL }),
      })
      .optional(),
    tools: ToolNames.default(null).openapi({ description: "Tools that may be used; null = all." }),
  })
  .openapi("NewServer");

export const ServerPatch = z
  .strictObject({
    name: z.string().max(200),
    url: z.string().max(4096),
    header_schema: z.array(HeaderFieldInput).max(100),
    static_headers: headersInput(STATIC_HEADERS),
    allow_all_identities: z.boolean(),
    link_policy: LinkPolicy,
    verification: z.strictObject({ probe_tool: ProbeTool.nullable(), negative_control: z.boolean() }),
    tools: ToolNames,
    enabled: z.boolean(),
  })
  .partial()
  .openapi("ServerPatch");

const Tool = z.object({ name: z.string(), description: z.string().nullable() });

export const Server = z
  .object({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    url_origin: z.string(),
    transport: z.literal("streamable_http"),
    auth_type: AuthType,
    header_schema: z.array(HeaderField),
    schema_revision: z.int(),
    static_header_names: z.array(z.string()),
    allow_all_identities: z.boolean(),
    link_policy: LinkPolicy,
    verification: z.object({
      probe_tool: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }).nullable(),
      negative_control: z.boolean(),
    }),
    tools: z.array(z.string()).nullable(),
    status: z.enum(["pending_verification", "ready", "disabled"]),
    discovered: z
      .object({
        tools: z.array(Tool),
        era: z.enum(["legacy", "modern"]),
        protocol_version: z.string(),
        server_name: z.string().nullable(),
        server_version: z.string().nullable(),
        at: Time,
      })
      .nullable()
      .openapi({ description: "What the last verification found; null before the first. Text of the server's own." }),
    version: z.int(),
    created_at: Time,
    updated_at: Time,
  })
  .openapi("Server");

const VerifiedServer = Server.extend({
  verified: orNull(VerificationStrength).openapi({ description: "null: not verified, there was no sample." }),
}).openapi("VerifiedServer");

const ChangedServer = Server.extend(AccessChange).openapi("ChangedServer");

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/servers",
  operationId: "listServers",
  tags,
  summary: "Servers, by name",
  request: { query: z.strictObject({ name: z.string().max(200).optional(), ...PageQuery }) },
  responses: { 200: { description: "A page.", content: json(pageOf(Server)) } },
});

const DIALLING = [
  "missing_header_values",
  "upstream_rejected",
  "upstream_not_allowed",
  "upstream_url_invalid",
  "upstream_redirected",
  "upstream_protocol",
  "upstream_unreachable",
] as const;

const DECLARING = [
  "invalid_server_name",
  "invalid_header_schema",
  "invalid_header_name",
  "invalid_header_value",
  "name_taken",
] as const;

const create = defineRoute("admin", [...DECLARING, ...DIALLING], {
  method: "post",
  path: "/api/v1/servers",
  operationId: "createServer",
  tags,
  summary: "Register a server",
  description:
    "With `sample_headers` the server is dialled, verified and its tools are discovered; nothing is kept when that fails. Without them a server with `per_user_headers` waits in `pending_verification`.",
  request: { body: jsonBody(NewServer) },
  responses: { 201: { description: "Registered.", content: json(VerifiedServer) } },
});

const get = defineRoute("admin", ["server_not_found"], {
  method: "get",
  path: "/api/v1/servers/{id}",
  operationId: "getServer",
  tags,
  summary: "One server",
  request: { params: IdParameter },
  responses: { 200: { description: "The server.", content: json(Server) } },
});

const update = defineRoute(
  "admin",
  [
    ...DECLARING,
    "server_not_found",
    "stale_update",
    "upstream_not_allowed",
    "upstream_url_invalid",
    "upstream_unreachable",
    "credential_unreadable",
  ],
  {
    method: "patch",
    path: "/api/v1/servers/{id}",
    operationId: "updateServer",
    tags,
    summary: "Change a server",
    description:
      "Absent = as it is. A new origin makes every credential `needs_update`: a value is never sent to a place it was not given for.",
    request: { params: IdParameter, query: DryRunQuery, body: jsonBody(ServerPatch) },
    responses: {
      200: { description: "Changed, or with `dry_run=true` not.", content: json(orPreview(ChangedServer)) },
    },
  },
);

const remove = defineRoute("admin", ["server_not_found"], {
  method: "delete",
  path: "/api/v1/servers/{id}",
  operationId: "deleteServer",
  tags,
  summary: "Delete a server, with its grants, credentials and links",
  request: { params: IdParameter, query: DryRunQuery },
  responses: { 200: PREVIEWED, 204: { description: "Deleted." } },
});

const verify = defineRoute(
  "admin",
  [
    "invalid_header_name",
    "invalid_header_value",
    "server_not_found",
    "stale_update",
    ...DIALLING,
    "credential_unreadable",
  ],
  {
    method: "post",
    path: "/api/v1/servers/{id}/verify",
    operationId: "verifyServer",
    tags,
    summary: "Verify a registered server with sample values, and discover its tools again",
    request: {
      params: IdParameter,
      body: jsonBody(z.strictObject({ sample_headers: headersInput(SAMPLE_HEADERS).optional() }).openapi("Sample")),
    },
    responses: { 200: { description: "Verified.", content: json(VerifiedServer) } },
  },
);

export const serverRoutes = { list, create, get, update, remove, verify };
