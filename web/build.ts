/**
 * Builds the pages into `dist/web/`, where both `src/` and `dist/` look for them: `dashboard/` by Vite, and `connect/` as
 * `tsc -p web/connect/tsconfig.json` emits its script, with its html and css beside it.
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { buildDashboard } from "./build-dashboard.ts";

const source = new URL("./connect/", import.meta.url);
const target = new URL("../dist/web/connect/", import.meta.url);

mkdirSync(target, { recursive: true });
for (const name of ["index.html", "connect.css"]) {
  copyFileSync(new URL(name, source), new URL(name, target));
}

await buildDashboard();
