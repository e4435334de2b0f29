import { describe, expect, it } from "vitest";
import { ADMIN_SCENES, playAdmin } from "./admin-scenes.ts";
import { NOW } from "./admin-world.ts";
import { chromiumPath } from "./chromium.ts";
import { expectForEveryone } from "./looks.ts";
import { startStubDashboard } from "./stub-dashboard.ts";
import { useVisitsTo } from "./visits.ts";

describe.skipIf(chromiumPath === null)("the administrator's pages for everyone", () => {
  const visit = useVisitsTo(startStubDashboard);

  describe("show every page and state without an axe violation in light or dark, and nothing cut on a phone", () => {
    it.each(Object.entries(ADMIN_SCENES))("%s", async (_name, scene) => {
      const { page, gateway } = await visit({ colorScheme: "light", viewport: { width: 1280, height: 800 } });
      await page.clock.setFixedTime(NOW);
      const { breaches } = await playAdmin(scene, page, gateway);
      await expectForEveryone(page);
      expect(breaches).toEqual([]);
    });
  });
});
