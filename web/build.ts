/** Builds the pages into `dist/web/`, where both `src/` and `dist/` look for them. */
import { buildConnect } from "./build-connect.ts";
import { buildDashboard } from "./build-dashboard.ts";

await buildConnect();
await buildDashboard();
