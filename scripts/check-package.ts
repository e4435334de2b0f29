/**
 * Checks the package as its users meet it: packs it, installs the tarball in an empty folder, starts it, calls it,
 * imports it, and has publint and attw judge its manifest and types. Ends with exit code 1 at the first thing that is
 * not so. Takes the npm registry for the dependencies of the package, and nothing that is in this repository.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PackedGateway } from "./packed-gateway.ts";

const LARGEST_TARBALL_BYTES = 2 * 1024 * 1024;

const MUST_HOLD = [
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "bin/keyward.js",
  "dist/cli.js",
  "dist/index.d.ts",
  "dist/web/connect/index.html",
  "dist/web/connect/connect.js",
  "dist/web/connect/connect.css",
  "dist/web/dashboard/index.html",
  "migrations/sqlite",
];
const MUST_NOT_HOLD = /\.test\.|^(?:src|test|node_modules|data)\/|(?<!\.d)\.ts$|\.(?:db|env|log)$/;

const root = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "keyward-package-"));
const folder = join(scratch, "consumer");
const installed = join(folder, "node_modules", "keyward");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
};

// What runs is the Node that runs this script, the machine's npm, and no tool or setting of the repository.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:KEYWARD_|npm_(?:package|lifecycle)_)/.test(name)),
);
env["PATH"] = [
  dirname(process.execPath),
  ...(process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules")),
].join(delimiter);

function step(sentence: string): void {
  console.log(`- ${sentence}`);
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  must(status === 0, `${[command, ...args].join(" ")} failed:\n${error?.message ?? `${stdout}\n${stderr}`}`);
  return stdout.trim();
}

function pack(): string {
  run("npm", ["pack", "--silent", "--pack-destination", scratch], root);
  const name = readdirSync(scratch).find((entry) => entry.endsWith(".tgz"));
  must(name !== undefined, "npm pack made no tarball.");
  return join(scratch, name);
}

function checkContents(tarball: string): void {
  const missing = MUST_HOLD.filter((path) => !existsSync(join(installed, path)));
  must(missing.length === 0, `The package lacks ${missing.join(", ")}.`);
  const foreign = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((path) =>
    MUST_NOT_HOLD.test(path),
  );
  must(foreign.length === 0, `The package has no use for ${foreign.join(", ")}.`);
  const { size } = statSync(tarball);
  must(size <= LARGEST_TARBALL_BYTES, `The tarball has ${size} bytes, more than ${LARGEST_TARBALL_BYTES}.`);
}

function checkImports(): void {
  for (const entry of Object.keys(manifest.exports).filter((key) => key !== "./package.json")) {
    const specifier = entry.replace(".", "keyward");
    const count = run(
      "node",
      ["--input-type=module", "-e", `console.log(Object.keys(await import("${specifier}")).length)`],
      folder,
    );
    must(Number(count) > 0, `${specifier} exports nothing.`);
  }
}

async function checkCalls(url: string): Promise<void> {
  const openapi = await fetch(`${url}/openapi.json`);
  must(openapi.status === 200, `GET /openapi.json answers ${openapi.status}.`);
  const description = (await openapi.json()) as { readonly openapi?: string };
  must(description.openapi?.startsWith("3.") === true, "GET /openapi.json does not describe the REST API.");

  const mcp = await fetch(`${url}/mcp`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  must(mcp.status === 401, `POST /mcp without a credential answers ${mcp.status} instead of 401.`);
  must(mcp.headers.has("www-authenticate"), "The 401 of POST /mcp has no WWW-Authenticate.");
}

async function checkGateway(): Promise<void> {
  const gateway = await PackedGateway.start(folder, env);
  try {
    await gateway.untilReady();
    await checkCalls(gateway.url);
    await gateway.stop();
  } finally {
    gateway.end();
  }
}

try {
  step("The package can be packed");
  const tarball = pack();

  step("The tarball installs in an empty folder");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", tarball], folder);

  step("It holds what it needs and nothing else");
  checkContents(tarball);

  step("Its command says its version");
  must(
    run("npx", ["--no", "--", "keyward", "--version"], folder) === manifest.version,
    "keyward --version says something else.",
  );

  step("Its entry points can be imported");
  checkImports();

  step("It starts, gets ready, describes its API, turns away a caller without a credential, and stops");
  await checkGateway();

  step("Its demo goes all the way from setup through link and form to a call");
  run("npx", ["--no", "--", "keyward", "demo"], folder);

  step("publint finds nothing wrong with its manifest");
  run(join(root, "node_modules/.bin/publint"), ["run", tarball, "--strict"], folder);

  step("attw finds its types wherever its code is found");
  run(join(root, "node_modules/.bin/attw"), [tarball, "--no-definitely-typed", "--profile", "esm-only"], folder);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
