import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { isKeywardError } from "../core/errors.ts";
import { readBuiltPage } from "./built-page.ts";

function folder(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "keyward-page-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function messageOf(directory: string): string {
  try {
    readBuiltPage("connect", directory);
    return "read";
  } catch (error) {
    return isKeywardError(error, "config_invalid") ? error.message : "another error";
  }
}

it("takes scripts, styles and pictures of the build, and nothing that is not a plain asset name", () => {
  const page = readBuiltPage(
    "connect",
    folder({
      "index.html": `<script src="/assets/connect/a-1.js"></script>`,
      "a-1.js": "1",
      "b.css": "2",
      "c.svg": "3",
      "d.js.map": "4",
      ".env.js": "5",
      "E.JS": "6",
      "f.html": "7",
    }),
  );
  expect([...page.assets.keys()].toSorted()).toEqual(["a-1.js", "b.css", "c.svg"]);
});

it("stops the start when the page was not built, or not wholly, and says how to build it", () => {
  const advice = "The connect page has not been built, or not wholly. Run `npm run build:web`.";
  expect(messageOf(folder({}))).toBe(advice);
  expect(messageOf(join(folder({}), "missing"))).toBe(advice);
  expect(messageOf(folder({ "index.html": `<script src="/assets/connect/a.js"></script>` }))).toBe(advice);
  expect(messageOf(folder({ "index.html": "<p>", "a.js": "" }))).toBe("read");
});

it("names the page that is missing", () => {
  expect(() => readBuiltPage("dashboard", folder({}))).toThrow("The dashboard has not been built, or not wholly.");
});
