import { identityKey, parseIdentity } from "../../src/core/identity.ts";
import { createResolver } from "../../src/core/resolver.ts";
import { Bed } from "../bed.ts";
import { expectedKey, KEY_HEADER } from "../calls.ts";
import { addServer, type Foundations, openFoundations, PORTS } from "../foundations.ts";
import { median } from "../load.ts";
import { type Measure, ratio, type Row } from "../row.ts";
import { fillCredentials, seedIdentities } from "../seed.ts";

const SERVER = "srv_resolve";
const ORIGIN = "https://mcp.example.com";
const SIZES = [1, 1_000, 1_000_000];
const QUICK_SIZES = [1, 100, 10_000];
/** Identities that are resolved, spread evenly among all. */
const MAX_RESOLVED = 1_000;

/** One size of the table of credentials. */
interface Size extends Foundations {
  readonly size: number;
  readonly whos: readonly string[];
  readonly roundsUs: number[];
}

/** (identity, server) to headers: the read and the decrypt of every call, as the table grows. */
export const resolve: Row = {
  name: "resolve",
  async run({ isQuick, say }) {
    const bed = new Bed();
    const sizes: Size[] = [];
    try {
      for (const size of isQuick ? QUICK_SIZES : SIZES) {
        say(`resolve: ${size} credentials`);
        sizes.push(await prepare(bed.newFolder(), size));
      }
      const perRound = isQuick ? 200 : 5_000;
      for (let round = 0; round <= (isQuick ? 1 : 9); round += 1) {
        for (const size of sizes) {
          const us = await resolveUs(size, perRound);
          if (round > 0) size.roundsUs.push(us);
        }
      }
      const [first = Number.NaN, ...others] = sizes.map(({ roundsUs }) => median(roundsUs));
      return others.map((us, index): Measure => {
        const size = sizes[index + 1]?.size ?? 0;
        return {
          what: `resolve with ${size.toLocaleString("en-US")} credentials`,
          against: "with 1",
          figure: "CPU per resolve",
          ...ratio([us, first], "us"),
          goal: { atMost: 1.5 },
        };
      });
    } finally {
      for (const { store } of sizes) await store.close();
      await bed.close();
    }
  },
};

async function prepare(folder: string, size: number): Promise<Size> {
  const foundations = await openFoundations(folder);
  await addServer(foundations, SERVER, `${ORIGIN}/mcp`);
  const real = Math.min(size, MAX_RESOLVED);
  const step = size / real;
  const whos = Array.from({ length: real }, (_, i) => `vk_bench${String(Math.floor(i * step)).padStart(7, "0")}`);
  await seedIdentities({ folder, serverIds: [SERVER], origin: ORIGIN, whos });
  if (size > real) {
    fillCredentials(folder, SERVER, ORIGIN, size - real);
  }
  return { ...foundations, size, whos, roundsUs: [] };
}

/** @returns CPU of one resolve in microseconds. @throws Error when a value is not the identity's own */
async function resolveUs({ store, vault, whos }: Size, count: number): Promise<number> {
  const resolver = createResolver({ store, vault, logger: PORTS.logger });
  const server = await store.findServer(SERVER);
  if (server === null) {
    throw new Error("the server is gone");
  }
  const identities = whos.map((who) => parseIdentity("virtual_key", who));
  const before = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    // A stride that shares no factor with the number of identities visits them all, and no two neighbours in turn.
    const index = (i * 617) % identities.length;
    const identity = identities[index];
    if (identity === undefined) continue;
    const resolution = await resolver.resolve(identity, server);
    const value = resolution.kind === "ready" ? [...resolution.headers.userHeaders.values()][0]?.reveal() : null;
    if (value !== expectedKey(whos[index] ?? "")) {
      throw new Error(`${identityKey(identity)} was not given its own ${KEY_HEADER}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
