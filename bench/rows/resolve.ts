import { identityKey, parseIdentity } from "../../src/core/identity.ts";
import { createResolver } from "../../src/core/resolver.ts";
import { Bed } from "../bed.ts";
import { expectedKey, KEY_HEADER } from "../calls.ts";
import type { Deployment, EngineName } from "../deployment.ts";
import { addServer, type Foundations, openFoundations, PORTS } from "../foundations.ts";
import { median } from "../load.ts";
import { type Measure, ratio, type Row, type Setting, titleOn } from "../row.ts";
import { fillCredentials, seedIdentities } from "../seed.ts";

const SERVER = "srv_resolve";
const ORIGIN = "https://mcp.example.com";
const SIZES = [1, 1_000, 1_000_000];
const QUICK_SIZES = [1, 100, 10_000];
/** Identities that are resolved, spread evenly among all. */
const MAX_RESOLVED = 1_000;

/** What one resolve costs, in microseconds. */
interface Cost {
  /** Of this process, which has the store in it: a database server has CPU of its own. */
  readonly cpuUs: number;
  /** Until it is answered: the median of a round. */
  readonly tookUs: number;
}

/** One size of the table of credentials. */
interface Size extends Foundations {
  readonly size: number;
  readonly whos: readonly string[];
  readonly rounds: Cost[];
}

/** (identity, server) to headers: the read and the decrypt of every call, as the table grows. */
export const resolve: Row = { name: "resolve", run: (setting) => resolveOn("SQLite", setting) };

export const resolvePostgres: Row = {
  name: "resolve-postgres",
  needsPostgres: true,
  run: (setting) => resolveOn("PostgreSQL", setting),
};

async function resolveOn(engine: EngineName, { isQuick, say }: Setting): Promise<readonly Measure[]> {
  const bed = new Bed();
  const sizes: Size[] = [];
  try {
    for (const size of isQuick ? QUICK_SIZES : SIZES) {
      say(`resolve: ${size} credentials, ${engine}`);
      sizes.push(await prepare(await bed.deploy(engine), size));
    }
    const perRound = isQuick ? 200 : 5_000;
    for (let round = 0; round <= (isQuick ? 1 : 9); round += 1) {
      for (const size of sizes) {
        const cost = await costOf(size, perRound);
        if (round > 0) size.rounds.push(cost);
      }
    }
    return sizes.slice(1).flatMap((size) => growth(engine, size, sizes[0]));
  } finally {
    for (const { store } of sizes) await store.close();
    await bed.close();
  }
}

/** Where the database is another process, a resolve mostly waits: then the time is told as well. */
function growth(engine: EngineName, { size, rounds }: Size, first: Size | undefined): readonly Measure[] {
  const measure = (figure: string, of: (cost: Cost) => number): Measure => ({
    what: titleOn(engine, `resolve with ${size.toLocaleString("en-US")} credentials`),
    against: "with 1",
    figure,
    ...ratio([median(rounds.map(of)), median(first?.rounds.map(of) ?? [])], "us"),
    goal: { atMost: 1.5 },
  });
  const cpu = measure("CPU per resolve", ({ cpuUs }) => cpuUs);
  return engine === "SQLite" ? [cpu] : [cpu, measure("time per resolve", ({ tookUs }) => tookUs)];
}

async function prepare(deployment: Deployment, size: number): Promise<Size> {
  const foundations = await openFoundations(deployment);
  await addServer(foundations, SERVER, `${ORIGIN}/mcp`);
  const real = Math.min(size, MAX_RESOLVED);
  const step = size / real;
  const whos = Array.from({ length: real }, (_, i) => `vk_bench${String(Math.floor(i * step)).padStart(7, "0")}`);
  await seedIdentities({ deployment, serverIds: [SERVER], origin: ORIGIN, whos });
  if (size > real) {
    await fillCredentials(deployment, SERVER, ORIGIN, size - real);
  }
  return { ...foundations, size, whos, rounds: [] };
}

/** @throws Error when a value is not the identity's own */
async function costOf({ store, vault, whos }: Size, count: number): Promise<Cost> {
  const resolver = createResolver({ store, vault, logger: PORTS.logger });
  const server = await store.findServer(SERVER);
  if (server === null) {
    throw new Error("the server is gone");
  }
  const identities = whos.map((who) => parseIdentity("virtual_key", who));
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    // A stride that shares no factor with the number of identities visits them all, and no two neighbours in turn.
    const index = (i * 617) % identities.length;
    const identity = identities[index];
    if (identity === undefined) continue;
    const start = performance.now();
    const resolution = await resolver.resolve(identity, server);
    times.push(performance.now() - start);
    const value = resolution.kind === "ready" ? [...resolution.headers.userHeaders.values()][0]?.reveal() : null;
    if (value !== expectedKey(whos[index] ?? "")) {
      throw new Error(`${identityKey(identity)} was not given its own ${KEY_HEADER}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / count, tookUs: median(times) * 1_000 };
}
