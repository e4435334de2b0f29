import type { BrowserContextOptions, Locator } from "playwright-core";
import { expect } from "vitest";
import { ADA, wellApi } from "./dashboard-data.ts";
import { startStubDashboard, type StubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo, type Visit } from "./visits.ts";

/** Visits to a dashboard where everything is there and well, and the administrator Ada is signed in. */
export function useDashboard(): (options?: BrowserContextOptions) => Promise<Visit<StubDashboard>> {
  const visit = useVisitsTo(startStubDashboard);
  return async (options) => {
    const opened = await visit(options);
    for (const [call, reply] of wellApi(ADA)) opened.gateway.api.set(call, reply);
    return opened;
  };
}

/** Waits until it is in sight. */
export async function expectShown(locator: Locator): Promise<void> {
  await locator.waitFor();
  expect(await locator.isVisible()).toBe(true);
}
