/**
 * Puts the connect page's html and css beside the script that `tsc -p web/connect/tsconfig.json` emits into
 * `dist/web/connect/`, where both `src/` and `dist/` look for them.
 */
import { copyFileSync, mkdirSync } from "node:fs";

const source = new URL("./connect/", import.meta.url);
const target = new URL("../dist/web/connect/", import.meta.url);

mkdirSync(target, { recursive: true });
for (const name of ["index.html", "connect.css"]) {
  copyFileSync(new URL(name, source), new URL(name, target));
}
