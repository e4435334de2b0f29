import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

/** The guard `bin/keyward.js` in front of a command that says how it was started. */
const COMMAND = `
  console.log(JSON.stringify({ version: process.versions.node, args: process.argv.slice(2) }));
  if (process.argv[2] === "wait") setInterval(() => {}, 1_000);
  process.exitCode = 7;
`;

// The guard reads the version of the process; a child that it starts does not inherit this.
const pretendToBe = (version: string): string[] => [
  "--import",
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`,
];

let folder: string;
let guard: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-guard-"));
  guard = join(folder, "bin", "keyward.js");
  for (const name of ["bin", "dist"]) mkdirSync(join(folder, name));
  copyFileSync(fileURLToPath(new URL("../bin/keyward.js", import.meta.url)), guard);
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(folder, "dist", "cli.js"), COMMAND);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function bundleNode(version: string): void {
  const bundled = join(folder, "node_modules", `node-${process.platform}-${process.arch}`);
  mkdirSync(join(bundled, "bin"), { recursive: true });
  writeFileSync(join(bundled, "package.json"), JSON.stringify({ version }));
  symlinkSync(process.execPath, join(bundled, "bin", "node"));
}

const runOn = (version: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [...pretendToBe(version), guard, ...args], { encoding: "utf8" });

it("runs the command on a Node that is recent enough", () => {
  const { status, stdout } = runOn("24.15.0", "serve", "--port", "1");
  expect(JSON.parse(stdout)).toEqual({ version: "24.15.0", args: ["serve", "--port", "1"] });
  expect(status).toBe(7);
});

it("hands over to the bundled Node when its own is too old, and passes arguments and exit code", () => {
  bundleNode("24.21.0");
  const { status, stdout } = runOn("20.20.2", "serve", "a b");
  expect(JSON.parse(stdout)).toEqual({ version: process.versions.node, args: ["serve", "a b"] });
  expect(status).toBe(7);
});

it("says which Node is needed when there is none, or only an old one", () => {
  const alone = runOn("20.20.2");
  bundleNode("24.14.0");
  for (const { status, stdout, stderr } of [alone, runOn("20.20.2")]) {
    expect(stderr).toBe("keyward needs Node.js 24.15 or later. This is 20.20.2.\n");
    expect(stdout).toBe("");
    expect(status).toBe(1);
  }
});

it("passes a signal on to the bundled Node and ends the way it ended", async () => {
  bundleNode("24.21.0");
  const child = spawn(process.execPath, [...pretendToBe("20.20.2"), guard, "wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
});
