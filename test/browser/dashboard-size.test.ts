import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { useDashboard } from "./dashboard-visits.ts";

const LIMIT_BYTES = 150_000;

describe.skipIf(chromiumPath === null)("the weight of the dashboard", () => {
  const visit = useDashboard();

  it("loads less than 150 kB of script, as it comes over the wire, before the first page can be used", async () => {
    const { page, gateway } = await visit();
    const sizes = new Map<string, Promise<number>>();
    page.on("requestfinished", (request) => {
      if (request.resourceType() === "script") {
        sizes.set(
          request.url(),
          request.sizes().then(({ responseBodySize }) => responseBodySize),
        );
      }
    });
    await page.goto(gateway.origin);
    await page.getByRole("button", { name: "Connect search" }).click();
    await page.waitForLoadState("networkidle");
    const bytes = await Promise.all(sizes.values());
    const total = bytes.reduce((sum, size) => sum + size, 0);
    console.info(`Initial JavaScript of the dashboard: ${total} bytes in ${bytes.length} files`);
    expect(bytes.length).toBeGreaterThan(1);
    expect(total).toBeGreaterThan(50_000);
    expect(total).toBeLessThan(LIMIT_BYTES);
  });

  it("fetches no file again when it is opened a second time", async () => {
    const { page, gateway, context } = await visit();
    const fetchedBy = async (opened: Page): Promise<string[]> => {
      const session = await context.newCDPSession(opened);
      await session.send("Network.enable");
      const fetched: string[] = [];
      session.on("Network.responseReceived", ({ response: { url, fromDiskCache = false } }) => {
        const { pathname } = new URL(url);
        if (!fromDiskCache && pathname.startsWith("/assets/")) fetched.push(pathname);
      });
      await opened.goto(gateway.origin);
      await opened.getByRole("heading", { name: "My connections" }).waitFor();
      await opened.waitForLoadState("networkidle");
      return fetched;
    };
    expect((await fetchedBy(page)).length).toBeGreaterThan(3);
    expect(await fetchedBy(await context.newPage())).toEqual([]);
  });
});
