import { z } from "@hono/zod-openapi";
import {
  AccessChange,
  DisplayName,
  DryRunQuery,
  flag,
  IdParameter,
  json,
  jsonBody,
  orPreview,
  PageQuery,
  pageOf,
  PREVIEWED,
  Time,
} from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Users"];

export const Role = z.enum(["admin", "user"]).openapi("Role", {
  description: "`admin`: may do everything here. `user`: sees and changes what is its own.",
});

export const User = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().openapi({ description: "Lower-case; unique." }),
    role: Role,
    enabled: z.boolean().openapi({ description: "A disabled user can neither sign in nor call." }),
    invited: z.boolean().openapi({ description: "An invitation is open, and there is no way to sign in yet." }),
    created_at: Time,
    updated_at: Time,
  })
  .openapi("User");

const UserWithGroups = User.extend({
  groups: z.array(z.object({ id: z.string(), name: z.string() })),
}).openapi("UserWithGroups");

const ChangedUser = User.extend(AccessChange).openapi("ChangedUser");

const INVITE = {
  invite_url: z.string().openapi({
    description: "For that person to open. Shown in this answer and never again; it carries a secret after `#`.",
  }),
  invite_expires_at: Time,
};

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/users",
  operationId: "listUsers",
  tags,
  summary: "Users, by name",
  request: {
    query: z.strictObject({
      q: z.string().max(200).optional().openapi({ description: "Part of the name or address, in any letter case." }),
      role: Role.optional(),
      enabled: flag("Only users who are enabled, or only those who are not."),
      group: z.string().max(64).optional().openapi({ description: "Id of a group: only its members." }),
      ...PageQuery,
    }),
  },
  responses: { 200: { description: "A page.", content: json(pageOf(User)) } },
});

const invite = defineRoute("admin", ["invalid_email", "group_not_found", "email_taken"], {
  method: "post",
  path: "/api/v1/users",
  operationId: "inviteUser",
  tags,
  summary: "Invite a user",
  description:
    "The link lets that person choose a password, within 7 days. Keyward sends no mail: hand it over yourself.",
  request: {
    body: jsonBody(
      z
        .strictObject({
          name: DisplayName,
          email: z.string().max(320),
          role: Role.default("user"),
          group_ids: z.array(z.string().max(64)).max(100).default([]),
        })
        .openapi("NewUser"),
    ),
  },
  responses: {
    201: { description: "Invited.", content: json(z.object({ user: User, ...INVITE }).openapi("InvitedUser")) },
  },
});

const get = defineRoute("admin", ["user_not_found"], {
  method: "get",
  path: "/api/v1/users/{id}",
  operationId: "getUser",
  tags,
  summary: "One user, with the groups it is in",
  request: { params: IdParameter },
  responses: { 200: { description: "The user.", content: json(UserWithGroups) } },
});

const update = defineRoute("admin", ["user_not_found", "last_admin"], {
  method: "patch",
  path: "/api/v1/users/{id}",
  operationId: "updateUser",
  tags,
  summary: "Change a user",
  description:
    "Absent = as it is. Disabling ends every session at once and orphans what the user has stored, also through keys it owns; enabling brings it back.",
  request: {
    params: IdParameter,
    query: DryRunQuery,
    body: jsonBody(
      z.strictObject({ name: DisplayName, role: Role, enabled: z.boolean() }).partial().openapi("UserPatch"),
    ),
  },
  responses: { 200: { description: "Changed, or with `dry_run=true` not.", content: json(orPreview(ChangedUser)) } },
});

const remove = defineRoute("admin", ["user_not_found", "last_admin"], {
  method: "delete",
  path: "/api/v1/users/{id}",
  operationId: "deleteUser",
  tags,
  summary: "Delete a user for good, with its credentials, virtual keys, connected apps and sessions",
  request: { params: IdParameter, query: DryRunQuery },
  responses: { 200: PREVIEWED, 204: { description: "Deleted." } },
});

const reinvite = defineRoute("admin", ["user_not_found"], {
  method: "post",
  path: "/api/v1/users/{id}/invite",
  operationId: "reinviteUser",
  tags,
  summary: "Make a new invitation, as after a forgotten password",
  description: "It replaces the one before. A password that exists works until a new one is chosen.",
  request: { params: IdParameter },
  responses: { 201: { description: "The invitation.", content: json(z.object(INVITE).openapi("Invite")) } },
});

const endSessions = defineRoute("admin", ["user_not_found"], {
  method: "delete",
  path: "/api/v1/users/{id}/sessions",
  operationId: "endUserSessions",
  tags,
  summary: "Sign a user out everywhere",
  request: { params: IdParameter },
  responses: { 204: { description: "Signed out." } },
});

export const userRoutes = { list, invite, get, update, remove, reinvite, endSessions };
