import { z } from "@hono/zod-openapi";
import {
  AccessChange,
  DisplayName,
  DryRunQuery,
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
import { User } from "./user-routes.ts";

const tags = ["Groups"];

const Group = z.object({ id: z.string(), name: z.string(), members_count: z.int(), created_at: Time }).openapi("Group");

const ChangedGroup = Group.extend(AccessChange).openapi("ChangedGroup");

const GroupName = z
  .strictObject({ name: DisplayName.openapi({ description: "Unique, whatever the letter case." }) })
  .openapi("GroupName");

const UserIds = z.array(z.string().max(64)).max(1000);

const list = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/groups",
  operationId: "listGroups",
  tags,
  summary: "Groups, by name",
  request: { query: z.strictObject(PageQuery) },
  responses: { 200: { description: "A page.", content: json(pageOf(Group)) } },
});

const create = defineRoute("admin", ["name_taken"], {
  method: "post",
  path: "/api/v1/groups",
  operationId: "createGroup",
  tags,
  summary: "Make a group",
  request: { body: jsonBody(GroupName) },
  responses: { 201: { description: "Made.", content: json(Group) } },
});

const get = defineRoute("admin", ["group_not_found"], {
  method: "get",
  path: "/api/v1/groups/{id}",
  operationId: "getGroup",
  tags,
  summary: "One group",
  request: { params: IdParameter },
  responses: { 200: { description: "The group.", content: json(Group) } },
});

const rename = defineRoute("admin", ["group_not_found", "name_taken"], {
  method: "patch",
  path: "/api/v1/groups/{id}",
  operationId: "renameGroup",
  tags,
  summary: "Rename a group",
  request: { params: IdParameter, body: jsonBody(GroupName) },
  responses: { 200: { description: "Renamed.", content: json(Group) } },
});

const remove = defineRoute("admin", ["group_not_found"], {
  method: "delete",
  path: "/api/v1/groups/{id}",
  operationId: "deleteGroup",
  tags,
  summary: "Delete a group, with its grants",
  description: "Its members stay. Those who lose access keep what they have stored, unused, until access returns.",
  request: { params: IdParameter, query: DryRunQuery },
  responses: { 200: PREVIEWED, 204: { description: "Deleted." } },
});

const listMembers = defineRoute("admin", ["group_not_found"], {
  method: "get",
  path: "/api/v1/groups/{id}/members",
  operationId: "listGroupMembers",
  tags,
  summary: "Members of a group, by name",
  request: { params: IdParameter, query: z.strictObject(PageQuery) },
  responses: { 200: { description: "A page.", content: json(pageOf(User)) } },
});

const changeMembers = defineRoute("admin", ["group_not_found", "user_not_found"], {
  method: "patch",
  path: "/api/v1/groups/{id}/members",
  operationId: "changeGroupMembers",
  tags,
  summary: "Add and remove members",
  description: "Who is one already, or is none, is left as it is.",
  request: {
    params: IdParameter,
    query: DryRunQuery,
    body: jsonBody(
      z
        .strictObject({
          add: UserIds.default([]).openapi({ description: "Ids of users." }),
          remove: UserIds.default([]).openapi({ description: "Ids of users." }),
        })
        .openapi("MembersChange"),
    ),
  },
  responses: { 200: { description: "Changed, or with `dry_run=true` not.", content: json(orPreview(ChangedGroup)) } },
});

export const groupRoutes = { list, create, get, rename, remove, listMembers, changeMembers };
