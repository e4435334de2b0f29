import { expect, it } from "vitest";
import { ADMIN_TOKEN, createTestApp, PUBLIC_URL } from "./test-app.ts";

it("settings are shown to an administrator as the gateway was started with them", async () => {
  const settings = {
    database: "sqlite" as const,
    oauth: { isEnabled: false, reason: "The public URL is plain http." },
    sso: { label: "Example Corp", issuer: "https://login.example.com" },
    areTempTokenLinksEnabled: true,
    areSessionIdentitiesEnabled: false,
    orphanRetentionDays: 30,
    trustedProxies: ["10.0.0.0/8"],
    allowedPrivateUpstreams: ["mcp.internal"],
    warnings: ["Links alone open the form."],
  };
  const { send } = await createTestApp({ parts: { settings } });
  expect((await send("GET /api/v1/settings", { as: ADMIN_TOKEN })).json).toEqual({
    public_url: PUBLIC_URL,
    version: "1.2.3",
    database: "sqlite",
    oauth: { enabled: false, reason: "The public URL is plain http." },
    sso: { label: "Example Corp", issuer: "https://login.example.com" },
    temp_token_links: true,
    session_identities: false,
    orphan_retention_days: 30,
    trusted_proxies: ["10.0.0.0/8"],
    allow_private_upstreams: ["mcp.internal"],
    warnings: ["Links alone open the form."],
  });
});
