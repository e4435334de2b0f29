import { z } from "@hono/zod-openapi";
import { IdParameter, json, OptionalTime, PageQuery, pageOf, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Connected apps"];

export const ConnectedApp = z
  .object({
    id: z.string(),
    client: z.object({
      name: z.string().nullable().openapi({ description: "As the client named itself." }),
      host: z.string().nullable().openapi({
        description:
          "The host that vouches for the client; null when it registered itself, so that anybody could be it.",
      }),
    }),
    user: z.object({ id: z.string(), name: z.string() }),
    scopes: z.array(z.string()),
    created_at: Time,
    last_used_at: OptionalTime,
  })
  .openapi("ConnectedApp");

const list = defineRoute("person", ["forbidden"], {
  method: "get",
  path: "/api/v1/apps",
  operationId: "listApps",
  tags,
  summary: "Apps that may act for me, newest first",
  description: "They were connected by OAuth. An admin token has none of its own.",
  request: {
    query: z.strictObject({
      ...PageQuery,
      all: z.enum(["true", "false"]).optional().openapi({ description: "`true`: everybody's, for administrators." }),
    }),
  },
  responses: { 200: { description: "A page.", content: json(pageOf(ConnectedApp)) } },
});

const revoke = defineRoute("person", ["app_not_found"], {
  method: "delete",
  path: "/api/v1/apps/{id}",
  operationId: "revokeApp",
  tags,
  summary: "Disconnect an app: its tokens and streams end at once",
  description: "One's own; an administrator disconnects anybody's.",
  request: { params: IdParameter },
  responses: { 204: { description: "Disconnected." } },
});

export const appRoutes = { list, revoke };
