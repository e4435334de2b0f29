import { z } from "@hono/zod-openapi";
import { DisplayName, IdParameter, json, jsonBody, OptionalTime, PageQuery, pageOf, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Virtual keys"];

const RateLimit = z.int().min(1).max(1_000_000).nullable();

export const VirtualKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().openapi({ description: "The first 8 characters of the key, to recognise it by." }),
    owner_user_id: z.string().nullable(),
    enabled: z.boolean(),
    expires_at: OptionalTime,
    rate_limit_per_minute: z.int().nullable(),
    created_by: z.string(),
    created_at: Time,
    last_used_at: OptionalTime,
  })
  .openapi("VirtualKey");

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/virtual-keys",
  operationId: "listVirtualKeys",
  tags,
  summary: "Virtual keys, newest first, without the revoked",
  request: { query: z.strictObject(PageQuery) },
  responses: { 200: { description: "A page.", content: json(pageOf(VirtualKey)) } },
});

const create = defineRoute("admin", [], {
  method: "post",
  path: "/api/v1/virtual-keys",
  operationId: "createVirtualKey",
  tags,
  summary: "Make a virtual key",
  request: {
    body: jsonBody(
      z
        .strictObject({
          name: DisplayName,
          expires_at: OptionalTime.default(null),
          rate_limit_per_minute: RateLimit.default(null).openapi({ description: "Calls per minute; null = no limit." }),
        })
        .openapi("NewVirtualKey"),
    ),
  },
  responses: {
    201: {
      description: "Made. The key itself is shown in this answer and never again.",
      content: json(VirtualKey.extend({ key: z.string() }).openapi("IssuedVirtualKey")),
    },
  },
});

const get = defineRoute("admin", ["virtual_key_not_found"], {
  method: "get",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "getVirtualKey",
  tags,
  summary: "One virtual key",
  request: { params: IdParameter },
  responses: { 200: { description: "The key, without the key itself.", content: json(VirtualKey) } },
});

const update = defineRoute("admin", ["virtual_key_not_found"], {
  method: "patch",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "updateVirtualKey",
  tags,
  summary: "Change a virtual key",
  description: "Absent = as it is. A disabled key is refused, and its credentials are kept, unused.",
  request: {
    params: IdParameter,
    body: jsonBody(
      z
        .strictObject({
          name: DisplayName,
          enabled: z.boolean(),
          expires_at: OptionalTime,
          rate_limit_per_minute: RateLimit,
        })
        .partial()
        .openapi("VirtualKeyPatch"),
    ),
  },
  responses: { 200: { description: "Changed.", content: json(VirtualKey) } },
});

const revoke = defineRoute("admin", ["virtual_key_not_found"], {
  method: "delete",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "revokeVirtualKey",
  tags,
  summary: "Revoke a virtual key for good, with its grants, credentials and links",
  request: { params: IdParameter },
  responses: { 204: { description: "Revoked." } },
});

export const virtualKeyRoutes = { list, create, get, update, revoke };
