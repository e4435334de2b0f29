/**
 * Starts what the container image would hold, as far as that can be done without a container engine: the files that the
 * Dockerfile copies, with the dependencies that it installs, owned by somebody else and read-only; its environment, its
 * user id (where this runs as root), its start-up script and its health check. Ends with exit code 1 at the first thing
 * that is not so. What is not tried here: the base image, the build inside of it, and everything that an engine does.
 * Takes the npm registry, and what `npm run build` has made.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { argumentsOf, copiesOf, environmentOf, type Stage, stagesOf } from "./dockerfile.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "keyward-container-"));
const app = join(scratch, "app");
const data = join(scratch, "data");
const programs = join(scratch, "programs");
const isRoot = process.getuid?.() === 0;
const STARTED_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 15_000;

function step(sentence: string): void {
  console.log(`- ${sentence}`);
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

function stage(name: string | null): Stage {
  const found = stagesOf(readFileSync(join(root, "Dockerfile"), "utf8")).find((each) => each.name === name);
  must(found !== undefined, `The Dockerfile has no stage ${name ?? "without a name"}.`);
  return found;
}

/** What a stage copies, `/src` of another stage being its folder here or, once built, the repository. */
function copyAll(from: Stage, target: string, folderOf: (stage: string | null) => string): void {
  for (const { from: origin, sources, target: to } of copiesOf(from)) {
    for (const source of sources) {
      const path = join(folderOf(origin), source.replace(/^\/src\//, ""));
      const into =
        sources.length > 1 || to.endsWith("/") || to === "." ? join(target, to, basename(source)) : join(target, to);
      cpSync(path, into, { recursive: true, verbatimSymlinks: true });
    }
  }
}

function installDependencies(): string {
  const folder = join(scratch, "dependencies");
  const dependencies = stage("dependencies");
  mkdirSync(folder);
  copyAll(dependencies, folder, () => root);
  for (const command of argumentsOf(dependencies, "RUN")) {
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    must(status === 0, `${command} failed:\n${stderr}`);
  }
  return folder;
}

function makeReadOnly(path: string): void {
  const { status } = spawnSync("chmod", ["-R", "a-w,a+rX", path]);
  must(status === 0, `${path} could not be made read-only.`);
}

const image = stage(null);
const [uid = 0, gid = 0] = (argumentsOf(image, "USER")[0] ?? "").split(":").map(Number);
const user = isRoot ? { uid, gid } : {};

function startUp(arguments_: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(join(app, "container", "start.sh"), [...arguments_], {
    cwd: app,
    env,
    ...user,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function isHealthy(env: NodeJS.ProcessEnv): boolean {
  return spawnSync(join(app, "container", "health.sh"), [], { cwd: app, env, ...user }).status === 0;
}

async function until(ms: number, holds: () => boolean): Promise<boolean> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (holds()) return true;
    await delay(200);
  }
  return holds();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

/** What Linux says of a process, by name. */
function statusOf(pid: number, file: "status" | "limits"): string {
  return readFileSync(`/proc/${pid}/${file}`, "utf8");
}

let gateway: ChildProcess | null = null;
try {
  step("The dependencies install as the Dockerfile installs them");
  const dependencies = installDependencies();

  step("What the image copies is there, and is read-only");
  mkdirSync(app);
  copyAll(image, app, (name) => (name === "dependencies" ? dependencies : root));
  for (const folder of [data, programs]) mkdirSync(folder);
  // The image's Node is one that its user may run; this one may be in somebody's home.
  copyFileSync(process.execPath, join(programs, "node"));
  chmodSync(scratch, 0o755);
  chmodSync(data, 0o700);
  if (isRoot) must(spawnSync("chown", [`${uid}:${gid}`, data]).status === 0, "The data folder has no owner.");
  makeReadOnly(app);
  makeReadOnly(programs);

  const port = await freePort();
  const env = {
    ...environmentOf(image),
    PATH: `${programs}:/usr/bin:/bin`,
    KEYWARD_PORT: String(port),
    KEYWARD_PUBLIC_URL: `http://127.0.0.1:${port}`,
    KEYWARD_DATABASE_URL: `sqlite:${join(data, "keyward.db")}`,
  };
  const command = JSON.parse(argumentsOf(image, "CMD")[0] ?? "[]") as readonly string[];

  step("A folder that cannot be written ends the start with a sentence");
  const refused = startUp(command, { ...env, KEYWARD_DATABASE_URL: `sqlite:${join(app, "keyward.db")}` });
  let said = "";
  refused.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => void refused.once("close", resolve));
  must(!isRoot || (code === 1 && said.includes("store_unusable")), `It ended with ${String(code)} and said: ${said}`);

  step(`It starts as user ${isRoot ? uid : "of this process"}, is healthy and ready`);
  must(!isHealthy(env), "It is healthy before it runs.");
  gateway = startUp(command, env);
  let log = "";
  for (const stream of [gateway.stdout, gateway.stderr])
    stream?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  must(await until(STARTED_WITHIN_MS, () => isHealthy(env)), `It did not get healthy. It said:\n${log}`);
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  must(ready.status === 200, `It is not ready: ${await ready.text()}`);

  const { pid } = gateway;
  if (process.platform === "linux" && pid !== undefined) {
    step("Keyward itself is the first process, has no right of root's, and leaves no memory behind");
    const status = statusOf(pid, "status");
    must(status.includes("Name:\tnode") || status.includes("Name:\tMainThread"), "Something stands between.");
    must(!isRoot || status.includes(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}`), "It runs as somebody else.");
    must(!isRoot || /^CapEff:\t0+$/m.test(status), "It has capabilities.");
    must(/^Umask:\t0077$/m.test(status), "Its files are open to others.");
    must(/^Max core file size +0 /m.test(statusOf(pid, "limits")), "It may dump its memory.");
  }

  step("It writes to its volume alone, and for its user alone");
  const open = readdirSync(data).filter((name) => (statSync(join(data, name)).mode & 0o077) !== 0);
  must(open.length === 0, `Open to others: ${open.join(", ")}`);

  step("It stops by itself when it is asked to");
  const ended = new Promise((resolve) => void gateway?.once("exit", resolve));
  gateway.kill("SIGTERM");
  const exitCode = await Promise.race([ended, delay(STOPPED_WITHIN_MS, "too late")]);
  must(exitCode === 0, `It ended with ${String(exitCode)}. It said:\n${log}`);
  must(!isHealthy(env), "It is healthy though it is gone.");
  console.log("The image would start. Not tried: the base image, the build in it, and the engine.");
} finally {
  gateway?.kill("SIGKILL");
  spawnSync("chmod", ["-R", "u+w", scratch]);
  rmSync(scratch, { recursive: true, force: true });
}
