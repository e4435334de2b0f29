import { z } from "@hono/zod-openapi";
import { json } from "./fields.ts";
import { defineRoute } from "./route.ts";

const Settings = z
  .object({
    public_url: z.string(),
    version: z.string(),
    database: z.enum(["sqlite", "postgres"]),
    oauth: z.object({
      enabled: z.boolean(),
      reason: z.string().nullable().openapi({ description: "Why it is off; null when it is on." }),
    }),
    sso: z
      .object({ label: z.string(), issuer: z.string() })
      .nullable()
      .openapi({ description: "Single sign-on; null when none is configured." }),
    temp_token_links: z.boolean(),
    session_identities: z.boolean(),
    orphan_retention_days: z.int().openapi({ description: "0 = for ever." }),
    trusted_proxies: z.array(z.string()),
    allow_private_upstreams: z.array(z.string()),
    warnings: z.array(z.string()).openapi({ description: "Checks that the configuration weakens, as at every start." }),
  })
  .openapi("Settings");

const get = defineRoute("admin", [], {
  method: "get",
  path: "/api/v1/settings",
  operationId: "getSettings",
  tags: ["Settings"],
  summary: "How this gateway is configured, without any secret",
  description: "Settings are changed in the configuration, not here: see docs/configuration.md.",
  responses: { 200: { description: "The settings.", content: json(Settings) } },
});

export const settingsRoutes = { get };
