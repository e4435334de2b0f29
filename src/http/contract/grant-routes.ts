import { z } from "@hono/zod-openapi";
import { AccessChange, DryRunQuery, IdParameter, json, jsonBody, Mode, orPreview } from "./fields.ts";
import { defineRoute } from "./route.ts";
import { ToolNames } from "./server-routes.ts";

const tags = ["Servers"];

const TOOLS = "Tools that may be used with this grant; null = all that the server allows.";
const GrantedTools = { tools: ToolNames.openapi({ description: TOOLS }) };
const GrantedToolsInput = { tools: ToolNames.default(null).openapi({ description: TOOLS }) };
const OfIdentity = {
  auth_mode: Mode,
  identity: z.string().openapi({ description: "Id of a user, a virtual key or a session." }),
};
const OfGroup = { group: z.string().max(64).openapi({ description: "Id of a group." }) };
const Name = {
  name: z
    .string()
    .nullable()
    .openapi({ description: "Of the user, the virtual key or the group; null = it has none." }),
};

/** What is read can be changed and sent back: the name is looked up again. */
const NameRead = { name: z.string().nullish().openapi({ description: "Ignored: as a list gives it." }) };

export const GrantsInput = z
  .strictObject({
    grants: z
      .array(
        z.union([
          z.strictObject({ ...OfIdentity, ...GrantedToolsInput, ...NameRead }).openapi("IdentityGrantInput"),
          z.strictObject({ ...OfGroup, ...GrantedToolsInput, ...NameRead }).openapi("GroupGrantInput"),
        ]),
      )
      .max(5000),
  })
  .openapi("GrantsInput");

export const Grant = z.union([
  z.object({ ...OfIdentity, ...GrantedTools, ...Name }).openapi("IdentityGrant"),
  z.object({ ...OfGroup, ...GrantedTools, ...Name }).openapi("GroupGrant"),
]);

const Grants = z.object({ grants: z.array(Grant) }).openapi("Grants");

const list = defineRoute("admin", ["server_not_found"], {
  method: "get",
  path: "/api/v1/servers/{id}/grants",
  operationId: "listGrants",
  tags,
  summary: "Who may use a server",
  request: { params: IdParameter },
  responses: { 200: { description: "All grants.", content: json(Grants) } },
});

const replace = defineRoute("admin", ["invalid_identity", "server_not_found"], {
  method: "put",
  path: "/api/v1/servers/{id}/grants",
  operationId: "replaceGrants",
  tags,
  summary: "Replace the grants of a server",
  description:
    "Of several grants that reach the same identity, each adds its tools. Whoever loses access keeps the stored values, unused, until access returns or the retention ends.",
  request: { params: IdParameter, query: DryRunQuery, body: jsonBody(GrantsInput) },
  responses: {
    200: {
      description: "Replaced, or with `dry_run=true` not.",
      content: json(orPreview(Grants.extend(AccessChange).openapi("ReplacedGrants"))),
    },
  },
});

export const grantRoutes = { list, replace };
