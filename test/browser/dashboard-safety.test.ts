import { describe, expect, it, onTestFinished } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { SIGNED_OUT } from "./dashboard-data.ts";
import { useDashboard } from "./dashboard-visits.ts";
import { startForeignSite } from "./stub-gateway.ts";

describe.skipIf(chromiumPath === null)("the dashboard under attack", () => {
  const visit = useDashboard();

  async function foreignSite(html: string): Promise<string> {
    const site = await startForeignSite(html);
    onTestFinished(() => site.close());
    return site.origin;
  }

  it("framed by another site it shows nothing", async () => {
    const { gateway, context } = await visit();
    const origin = await foreignSite(`<iframe src="${gateway.origin}/consent/uid_1"></iframe>`);
    // Not the page of the visit: that one may ask nobody else for anything.
    const page = await context.newPage();
    await page.goto(origin);
    await page.waitForLoadState("networkidle");
    const frame = page.frames().find((each) => each !== page.mainFrame());
    expect(await frame?.locator("#root").count()).toBe(0);
    expect(gateway.requests).toEqual([]);
  });

  it("opened by another site it has no opener to talk to", async () => {
    const { gateway, context } = await visit();
    const origin = await foreignSite(`<button onclick="window.open('${gateway.origin}/')">open</button>`);
    const page = await context.newPage();
    await page.goto(origin);
    const [opened] = await Promise.all([context.waitForEvent("page"), page.getByRole("button").click()]);
    await opened.getByRole("heading", { name: "My connections" }).waitFor();
    expect(await opened.evaluate("window.opener")).toBeNull();
  });

  it("runs no script that stands in the page, and makes no script or markup of text", async () => {
    const { gateway, context } = await visit();
    // Not the page of the visit: on that one a blocked attempt is a failure.
    const page = await context.newPage();
    await page.goto(gateway.origin);
    await page.getByRole("heading", { name: "My connections" }).waitFor();
    const blocked = await page.evaluate<string[]>(`(() => {
      const attempts = {
        markup: () => { document.body.innerHTML = "<p>x</p>"; },
        script: () => { document.createElement("script").textContent = "window.ran = true"; },
        address: () => { document.createElement("script").src = "/assets/dashboard/any.js"; },
        policy: () => trustedTypes.createPolicy("any", { createHTML: (text) => text }),
      };
      return Object.entries(attempts).flatMap(([name, attempt]) => {
        try { attempt(); return []; } catch { return [name]; }
      });
    })()`);
    expect(blocked).toEqual(["markup", "script", "address", "policy"]);
  });

  it("keeps a password nowhere, and sends no address of a page to anybody", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    const referers: (string | undefined)[] = [];
    page.on("request", (request) => referers.push(request.headers()["referer"]));
    await page.goto(`${gateway.origin}/sign-in?next=/keys`);
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(() => gateway.requests.some(({ call }) => call === "POST /api/v1/session")).toBe(true);
    expect(
      await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])"),
    ).not.toContain("correct");
    expect(referers.filter((referer) => referer !== undefined && referer !== "")).toEqual([]);
  });
});
