import { z } from "@hono/zod-openapi";
import {
  DisplayName,
  DryRunQuery,
  IdParameter,
  json,
  jsonBody,
  OptionalTime,
  orPreview,
  PageQuery,
  pageOf,
  PREVIEWED,
  Time,
} from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Virtual keys"];

const MAX_OVERLAP_SECONDS = 30 * 86_400;
const DEFAULT_OVERLAP_SECONDS = 86_400;
const RateLimit = z.int().min(1).max(1_000_000).nullable();

export const VirtualKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().openapi({ description: "The first 8 characters of the key, to recognise it by." }),
    owner_user_id: z.string().nullable().openapi({
      description: "The key acts as this user; null: as itself.",
    }),
    owner_name: z.string().nullable(),
    enabled: z.boolean(),
    expires_at: OptionalTime,
    rate_limit_per_minute: z.int().nullable(),
    created_by: z.string(),
    created_at: Time,
    last_used_at: OptionalTime,
    rotated_at: OptionalTime,
    previous_works_until: OptionalTime.openapi({
      description: "Until when the key before the last rotation works too; null = it does not.",
    }),
  })
  .openapi("VirtualKey");

const IssuedVirtualKey = VirtualKey.extend({ key: z.string() }).openapi("IssuedVirtualKey");

const list = defineRoute("person", [], {
  method: "get",
  path: "/api/v1/virtual-keys",
  operationId: "listVirtualKeys",
  tags,
  summary: "Virtual keys, newest first, without the revoked",
  description: "An administrator sees all, a user its own.",
  request: {
    query: z.strictObject({
      owner: z.string().max(64).optional().openapi({ description: "Id of a user: only the keys it owns." }),
      q: z.string().max(200).optional().openapi({
        description: "Part of the key's name or of its first characters, in any letter case.",
      }),
      ...PageQuery,
    }),
  },
  responses: { 200: { description: "A page.", content: json(pageOf(VirtualKey)) } },
});

const create = defineRoute("person", ["user_not_found"], {
  method: "post",
  path: "/api/v1/virtual-keys",
  operationId: "createVirtualKey",
  tags,
  summary: "Make a virtual key",
  description:
    "A user's key is always its own. An administrator may name an owner; without one the key acts as itself.",
  request: {
    body: jsonBody(
      z
        .strictObject({
          name: DisplayName,
          owner_user_id: z.string().max(64).nullable().optional(),
          expires_at: OptionalTime.default(null),
          rate_limit_per_minute: RateLimit.default(null).openapi({ description: "Calls per minute; null = no limit." }),
        })
        .openapi("NewVirtualKey"),
    ),
  },
  responses: {
    201: {
      description: "Made. The key itself is shown in this answer and never again.",
      content: json(IssuedVirtualKey),
    },
  },
});

const get = defineRoute("person", ["virtual_key_not_found"], {
  method: "get",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "getVirtualKey",
  tags,
  summary: "One virtual key",
  request: { params: IdParameter },
  responses: { 200: { description: "The key, without the key itself.", content: json(VirtualKey) } },
});

const update = defineRoute("person", ["virtual_key_not_found"], {
  method: "patch",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "updateVirtualKey",
  tags,
  summary: "Change a virtual key",
  description:
    "Absent = as it is. A disabled key is refused, and its credentials are kept, unused. A rate limit is an administrator's to raise or lift.",
  request: {
    params: IdParameter,
    query: DryRunQuery,
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
  responses: { 200: { description: "Changed, or with `dry_run=true` not.", content: json(orPreview(VirtualKey)) } },
});

const rotate = defineRoute("person", ["virtual_key_not_found"], {
  method: "post",
  path: "/api/v1/virtual-keys/{id}/rotate",
  operationId: "rotateVirtualKey",
  tags,
  summary: "Replace a key by a new one, while the old one works on for a time",
  description: "Everything else stays: name, owner, grants, credentials. A key before the old one ends at once.",
  request: {
    params: IdParameter,
    body: jsonBody(
      z
        .strictObject({
          overlap_seconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(DEFAULT_OVERLAP_SECONDS).openapi({
            description: "How long the old key works on: 0 to 30 days. Default one day.",
          }),
        })
        .openapi("Rotation"),
    ),
  },
  responses: {
    200: {
      description: "Rotated. The new key is shown in this answer and never again.",
      content: json(IssuedVirtualKey),
    },
  },
});

const revoke = defineRoute("person", ["virtual_key_not_found"], {
  method: "delete",
  path: "/api/v1/virtual-keys/{id}",
  operationId: "revokeVirtualKey",
  tags,
  summary: "Revoke a virtual key for good",
  description: "The grants, credentials and links of a key without an owner go with it.",
  request: { params: IdParameter, query: DryRunQuery },
  responses: { 200: PREVIEWED, 204: { description: "Revoked." } },
});

export const virtualKeyRoutes = { list, create, get, update, rotate, revoke };
