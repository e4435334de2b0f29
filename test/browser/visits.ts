import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchChromium } from "./chromium.ts";
import { startStubGateway, type StubGateway } from "./stub-gateway.ts";

/** Something that serves pages for the length of a visit. */
interface Visited {
  readonly origin: string;
  close(): Promise<void>;
}

export interface Visit<G extends Visited = StubGateway> {
  readonly page: Page;
  readonly gateway: G;
  readonly context: BrowserContext;
}

/** Visits to the connect page. */
export function useVisits(): (options?: BrowserContextOptions) => Promise<Visit> {
  return useVisitsTo(startStubGateway);
}

/**
 * One browser for a describe block, one context and one gateway for each visit. Whatever a test is about, it fails when
 * the page broke its content security policy, threw, or asked another origin for anything.
 */
export function useVisitsTo<G extends Visited>(
  start: () => Promise<G>,
): (options?: BrowserContextOptions) => Promise<Visit<G>> {
  let browser: Browser;
  let visits: Visit<G>[] = [];
  let misdeeds: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterEach(async () => {
    const found = misdeeds;
    for (const { context, gateway } of visits) {
      await context.close();
      await gateway.close();
    }
    visits = [];
    misdeeds = [];
    expect(found).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
  });

  return async (options = {}) => {
    const gateway = await start();
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => misdeeds.push(error.message));
    page.on("dialog", (dialog) => misdeeds.push(`dialog: ${dialog.message()}`));
    page.on("console", (message) => {
      const isRefusal = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isRefusal) misdeeds.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== gateway.origin) misdeeds.push(`request to ${request.url()}`);
    });
    const visit = { page, gateway, context };
    visits.push(visit);
    return visit;
  };
}
