import { rmSync } from "node:fs";

// tsc never removes the output of a source that is gone, and the package would carry it.
rmSync(new URL("../dist/", import.meta.url), { recursive: true, force: true });
