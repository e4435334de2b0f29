import { z } from "@hono/zod-openapi";
import { DisplayName, IdParameter, json, jsonBody, PageQuery, pageOf, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Admin tokens"];

export const AdminToken = z.object({ id: z.string(), name: z.string(), created_at: Time }).openapi("AdminToken");

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/admin-tokens",
  operationId: "listAdminTokens",
  tags,
  summary: "Admin tokens, newest first",
  description: "The configured one, `KEYWARD_ADMIN_TOKEN`, is not among them.",
  request: { query: z.strictObject(PageQuery) },
  responses: { 200: { description: "A page.", content: json(pageOf(AdminToken)) } },
});

const create = defineRoute("admin", [], {
  method: "post",
  path: "/api/v1/admin-tokens",
  operationId: "createAdminToken",
  tags,
  summary: "Make an admin token, for the command line and for programs",
  request: { body: jsonBody(z.strictObject({ name: DisplayName }).openapi("NewAdminToken")) },
  responses: {
    201: {
      description: "Made. The token itself is shown in this answer and never again.",
      content: json(AdminToken.extend({ token: z.string() }).openapi("IssuedAdminToken")),
    },
  },
});

const revoke = defineRoute("admin", ["admin_token_not_found", "last_admin"], {
  method: "delete",
  path: "/api/v1/admin-tokens/{id}",
  operationId: "revokeAdminToken",
  tags,
  summary: "Revoke an admin token",
  request: { params: IdParameter },
  responses: { 204: { description: "Revoked: the next request with it is refused." } },
});

export const adminTokenRoutes = { list, create, revoke };
