import { describe, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { play, SCENES } from "./dashboard-scenes.ts";
import { expectForEveryone } from "./looks.ts";
import { startStubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo } from "./visits.ts";

describe.skipIf(chromiumPath === null)("the dashboard for everyone", () => {
  const visit = useVisitsTo(startStubDashboard);

  describe("shows every page and state without an axe violation in light or dark, and nothing cut on a phone", () => {
    it.each(Object.entries(SCENES))("%s", async (_name, scene) => {
      const { page, gateway } = await visit({ colorScheme: "light", viewport: { width: 1280, height: 800 } });
      await play(scene, page, gateway);
      await expectForEveryone(page);
    });
  });
});
