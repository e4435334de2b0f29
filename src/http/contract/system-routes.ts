import { z } from "@hono/zod-openapi";
import {
  DisplayName,
  IdentityShown,
  json,
  jsonBody,
  OptionalTime,
  orNull,
  SetFrom,
  VerificationStrength,
} from "./fields.ts";
import { defineRoute } from "./route.ts";
import { Role } from "./user-routes.ts";

const setup = defineRoute("public", ["unauthenticated", "setup_done", "credential_store_unavailable"], {
  method: "post",
  path: "/api/v1/setup",
  operationId: "setUp",
  tags: ["Setup"],
  summary: "Trade the one-time setup token for the first admin token",
  description: "The setup token is printed once, at the first start. It works once.",
  request: {
    body: jsonBody(
      z.strictObject({ setup_token: z.string().max(200), name: DisplayName.default("admin") }).openapi("SetupRequest"),
    ),
  },
  responses: {
    201: {
      description: "The admin token. It is shown in this answer and never again.",
      content: json(z.object({ id: z.string(), name: z.string(), admin_token: z.string() }).openapi("SetupResult")),
    },
  },
});

export const Me = z
  .object({
    admin: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .openapi({ description: "Who administers: an admin token, or a user with that role." }),
    user: z
      .object({ id: z.string(), name: z.string(), email: z.string(), role: Role })
      .nullable()
      .openapi({ description: "Whoever is signed in to the dashboard; null for a token or key." }),
    csrf_token: z
      .string()
      .nullable()
      .openapi({ description: "For the header `Keyward-CSRF` of whatever changes something; null without a session." }),
    identity: orNull(IdentityShown),
    servers: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          url_origin: z.string(),
          connection: z.enum(["not_needed", "missing", "active", "needs_update", "rejected"]).openapi({
            description: "`not_needed`: the server asks this identity for nothing.",
          }),
          credential_id: z.string().nullable(),
          tools_count: z.int().openapi({ description: "Tools that this identity may use there." }),
          set_at: OptionalTime,
          set_from: orNull(SetFrom),
          last_used_at: OptionalTime,
          verification: orNull(VerificationStrength),
        }),
      )
      .openapi({ description: "Servers that the identity may use, by name. Empty for an admin token." }),
  })
  .openapi("Me");

const me = defineRoute("signed_in", [], {
  method: "get",
  path: "/api/v1/me",
  operationId: "getMe",
  tags: ["Me"],
  summary: "Who I am, and how I am connected",
  responses: { 200: { description: "You.", content: json(Me) } },
});

const updateMe = defineRoute(
  "person",
  ["invalid_password", "sign_in_failed", "rate_limited", "credential_store_unavailable"],
  {
    method: "patch",
    path: "/api/v1/me",
    operationId: "updateMe",
    tags: ["Me"],
    summary: "Change my name or password",
    description:
      "Absent = as it is. A new password ends every other session of mine. For whoever signs in by single sign-on there is none to change.",
    request: {
      body: jsonBody(
        z
          .strictObject({
            name: DisplayName,
            password: z.strictObject({ current: z.string().max(1024), new: z.string().max(1024) }),
          })
          .partial()
          .openapi("MePatch"),
      ),
    },
    responses: { 200: { description: "You, as you are now.", content: json(Me) } },
  },
);

const health = defineRoute("public", [], {
  method: "get",
  path: "/healthz",
  operationId: "getHealth",
  tags: ["Operation"],
  summary: "Whether the process answers",
  responses: { 200: { description: "It does.", content: json(z.object({ status: z.literal("ok") })) } },
});

const Readiness = z
  .object({ status: z.enum(["ready", "not_ready"]), checks: z.record(z.string(), z.enum(["ok", "failed"])) })
  .openapi("Readiness");

const ready = defineRoute("public", [], {
  method: "get",
  path: "/readyz",
  operationId: "getReadiness",
  tags: ["Operation"],
  summary: "Whether traffic may come",
  description:
    "`serving`: nobody has asked it to stop. `store`: it can be read and written. `keys`: they are loaded. `clock`: the store's differs by 5 minutes at most.",
  responses: {
    200: { description: "Ready.", content: json(Readiness) },
    503: { description: "Not ready: send no traffic.", content: json(Readiness) },
  },
});

const description = defineRoute("public", [], {
  method: "get",
  path: "/openapi.json",
  operationId: "getDescription",
  tags: ["Operation"],
  summary: "This description",
  responses: {
    200: {
      description: "OpenAPI 3.1.",
      content: json(z.looseObject({ openapi: z.string().openapi({ example: "3.1.0" }) })),
    },
  },
});

export const systemRoutes = { setup, me, updateMe, health, ready, description };
