import { expect, it } from "vitest";
import { ADMIN_TOKEN, startTestGateway } from "../helpers/test-gateway.ts";

it("on a public URL of plain http there is no OAuth: nothing points to it, and an administrator is told why", async () => {
  const gateway = await startTestGateway({ env: { KEYWARD_PUBLIC_URL: "http://keyward.example" } });
  const at = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${gateway.running.port}${path}`, init);
  const refused = await at("/mcp", { method: "POST" });
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  for (const path of [
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/oauth/authorize",
  ]) {
    expect([path, (await at(path)).status]).toEqual([path, 404]);
  }
  const settings = await at("/api/v1/settings", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const { oauth } = (await settings.json()) as { readonly oauth: object };
  expect(oauth).toEqual({ enabled: false, reason: expect.stringContaining("plain http") });
  await gateway.close();
});
