#!/usr/bin/env node
// Runs on any Node that knows ES modules (12.17), so that an old one gets a sentence instead of a syntax error.
import { spawn } from "child_process";
import { createRequire } from "module";
import { dirname, join } from "path";

function isRecentEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 15);
}

/** The Node that came as the npm package of this platform, if it is there and recent enough. */
function findBundledNode() {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return isRecentEnough(require(manifest).version) ? join(dirname(manifest), "bin", "node") : undefined;
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  // A terminal sends Ctrl-C to the child as well: forwarded, it would count as a second one.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (isRecentEnough(process.versions.node)) {
  import("../dist/cli.js");
} else {
  const node = findBundledNode();
  if (node === undefined) {
    console.error(`keyward needs Node.js 24.15 or later. This is ${process.versions.node}.`);
    process.exit(1);
  }
  runOn(node);
}
