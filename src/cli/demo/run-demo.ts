import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "../../core/ports.ts";
import { cancelled } from "../context.ts";
import type { CliIo } from "../io.ts";
import type { RunningGateway, Runtime } from "../runtime.ts";
import { playDemo } from "./demo-story.ts";
import { type DemoUpstream, startDemoUpstream } from "./demo-upstream.ts";
import type { Narrator } from "./narrator.ts";

/**
 * Starts a gateway on a temporary database and a server that demands a key, plays the story, and removes everything.
 * @throws KeywardError when the story does not go as it should; CommanderError when the person stops it
 */
export async function runDemo(io: CliIo, runtime: Runtime, narrator: Narrator): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyward-demo-"));
  const upstreamKeys = {
    admin: mintDemoKey("admin", runtime.random),
    alice: mintDemoKey("alice", runtime.random),
    bob: mintDemoKey("bob", runtime.random),
  };
  const people = new Map(Object.entries(upstreamKeys).map(([name, key]) => [key, name]));
  let upstream: DemoUpstream | null = null;
  let gateway: RunningGateway | null = null;
  try {
    narrator.step("Start Keyward, and an MCP server that wants a key of its own from every person");
    upstream = await startDemoUpstream(people);
    gateway = await serveDemo(runtime, folder);
    narrator.tell(`MCP server  ${upstream.url}`);
    narrator.tell(`Keyward     ${gateway.publicUrl}, with a database in ${folder}`);
    await unlessStopped(io, playDemo({ gateway, upstream, narrator, upstreamKeys }));
    narrator.step("Stop, and remove everything");
  } finally {
    await gateway?.stop();
    await upstream?.stop();
    await rm(folder, { recursive: true, force: true });
  }
  narrator.tell("Done. Nothing is left behind.");
}

/** Nothing of the person's own configuration: no file, no environment. */
function serveDemo(runtime: Runtime, folder: string): Promise<RunningGateway> {
  const flags = {
    host: "127.0.0.1",
    port: "0",
    database_url: `sqlite:${join(folder, "keyward.db")}`,
    allow_private_upstreams: "127.0.0.1",
    log_level: "silent",
  };
  return runtime.serve({ flags, env: {}, configPath: null });
}

function mintDemoKey(name: string, random: Random): string {
  return `demo-${name}-${Buffer.from(random.bytes(9)).toString("base64url")}`;
}

async function unlessStopped(io: CliIo, story: Promise<void>): Promise<void> {
  const stopped = io.untilAskedToStop().then(() => {
    throw cancelled("The demo was stopped.");
  });
  await Promise.race([story, stopped]);
}
