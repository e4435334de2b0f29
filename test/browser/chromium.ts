import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** `KEYWARD_TEST_CHROMIUM`, or the `chromium` on PATH; null = this machine has none. */
export const chromiumPath: string | null = process.env["KEYWARD_TEST_CHROMIUM"] ?? onPath("chromium");

if (chromiumPath === null) {
  console.warn("\n!!! No chromium on PATH and no KEYWARD_TEST_CHROMIUM: the tests in a browser are SKIPPED.\n");
}

function onPath(command: string): string | null {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, command));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A headless Chromium that calls nobody by itself. The back/forward cache is on, as in every real browser. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) {
    throw new Error("There is no chromium: install one, or name it in KEYWARD_TEST_CHROMIUM.");
  }
  return chromium.launch({
    executablePath: chromiumPath,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
