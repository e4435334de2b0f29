import { z } from "@hono/zod-openapi";
import { IdParameter, json, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Sessions"];

const UserSession = z
  .object({
    id: z.string(),
    current: z.boolean().openapi({ description: "The one that asks." }),
    created_at: Time,
    expires_at: Time,
    address: z.string().nullable(),
    client: z.string().nullable().openapi({ description: "As the client named itself.", example: "Firefox on Linux" }),
  })
  .openapi("UserSession");

const signOut = defineRoute("person", [], {
  method: "delete",
  path: "/api/v1/session",
  operationId: "signOut",
  tags,
  summary: "Sign out here",
  responses: { 204: { description: "Signed out. The cookie is taken away." } },
});

const list = defineRoute("person", [], {
  method: "get",
  path: "/api/v1/sessions",
  operationId: "listSessions",
  tags,
  summary: "Where I am signed in, newest first",
  responses: { 200: { description: "Live sessions.", content: json(z.object({ items: z.array(UserSession) })) } },
});

const end = defineRoute("person", ["session_not_found"], {
  method: "delete",
  path: "/api/v1/sessions/{id}",
  operationId: "endSession",
  tags,
  summary: "Sign out in one place",
  request: { params: IdParameter },
  responses: { 204: { description: "Signed out there." } },
});

const endAll = defineRoute("person", [], {
  method: "delete",
  path: "/api/v1/sessions",
  operationId: "endSessions",
  tags,
  summary: "Sign out everywhere, here too",
  responses: { 204: { description: "Signed out. The cookie is taken away." } },
});

export const sessionRoutes = { signOut, list, end, endAll };
