import type { BrowserContextOptions } from "playwright-core";
import { afterEach, expect } from "vitest";
import type { AdminApi } from "./admin-api.ts";
import { serveWorld } from "./admin-scenes.ts";
import { aWorld, NOW, type World } from "./admin-world.ts";
import { type ApiRequest, startStubDashboard, type StubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo, type Visit } from "./visits.ts";

interface AdminVisit extends Visit<StubDashboard> {
  readonly world: World;
  /** Requests of that call so far. */
  readonly sent: (call: string) => readonly ApiRequest[];
}

/** Visits to a gateway that Ada administers. Whatever a test is about, it fails when a page asks what the API refuses. */
export function useAdmin(): (options?: BrowserContextOptions & { world?: World }) => Promise<AdminVisit> {
  const visit = useVisitsTo(startStubDashboard);
  let served: AdminApi[] = [];

  afterEach(() => {
    const breaches = served.flatMap((each) => each.breaches);
    served = [];
    expect(breaches).toEqual([]);
  });

  return async ({ world = aWorld(), ...options } = {}) => {
    const opened = await visit(options);
    await opened.page.clock.setFixedTime(NOW);
    served.push(serveWorld(opened.gateway, world));
    return { ...opened, world, sent: (call) => opened.gateway.requests.filter((request) => request.call === call) };
  };
}

/** Whether it was a trial. */
export const isDry = ({ query }: ApiRequest): boolean => query.get("dry_run") === "true";
