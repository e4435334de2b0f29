import type { Profiler } from "node:inspector";
import type { Contestant } from "./side-by-side.ts";

/** Where the time of a process went, in microseconds per call. */
interface ProfileLine {
  /** `function file:line`, or a file. */
  readonly where: string;
  /** In it alone, without what it calls. */
  readonly selfUs: number;
  /** With what it calls. */
  readonly totalUs: number;
}

interface ProfileSummary {
  /** All but idle time. */
  readonly busyUs: number;
  readonly byFunction: readonly ProfileLine[];
  readonly byFile: readonly ProfileLine[];
}

interface Sums {
  selfUs: number;
  totalUs: number;
}

const LINES = 40;

/** Loads a contestant once more under the sampling profiler. @returns text for a person */
export async function profileOf({ process, client, url, call }: Contestant, calls: number, concurrency: number) {
  await process.ask("startProfile");
  await client.run({ url, calls, concurrency, call });
  const profile = await process.ask<Profiler.Profile>("stopProfile");
  const { busyUs, byFunction, byFile } = summarize(profile, calls);
  const table = (lines: readonly ProfileLine[]): string =>
    lines
      .slice(0, LINES)
      .map(
        ({ where, selfUs, totalUs }) => `${selfUs.toFixed(1).padStart(8)}${totalUs.toFixed(1).padStart(9)}  ${where}\n`,
      )
      .join("");
  const head = "    self    total  microseconds per call";
  return `main thread busy for ${busyUs.toFixed(0)} us per call\n${head}, by function\n${table(byFunction)}${head}, by file\n${table(byFile)}`;
}

/** @param calls how many calls the profile covers */
function summarize(profile: Profiler.Profile, calls: number): ProfileSummary {
  const self = selfTimes(profile);
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const functions = new Map<string, Sums>();
  const files = new Map<string, Sums>();
  let busyUs = 0;
  for (const [id, us] of self) {
    const frame = nodes.get(id)?.callFrame;
    if (frame === undefined || frame.functionName === "(idle)" || frame.functionName === "(program)") {
      continue;
    }
    busyUs += us / calls;
    const counted = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const here = nodes.get(at)?.callFrame;
      if (here === undefined || here.functionName === "(root)") continue;
      add(functions, nameOf(here), at === id ? us / calls : 0, us / calls, counted);
      add(files, fileOf(here.url), at === id ? us / calls : 0, us / calls, counted);
    }
  }
  return { busyUs, byFunction: sorted(functions), byFile: sorted(files) };
}

function selfTimes({ samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    // A delta is the time since the sample before: it belongs to that one.
    const us = timeDeltas[index + 1] ?? 0;
    times.set(id, (times.get(id) ?? 0) + us);
  }
  return times;
}

/** A function that calls itself counts once in a total. */
function add(into: Map<string, Sums>, where: string, selfUs: number, totalUs: number, counted: Set<string>): void {
  const sums = into.get(where) ?? { selfUs: 0, totalUs: 0 };
  sums.selfUs += selfUs;
  sums.totalUs += counted.has(where) ? 0 : totalUs;
  counted.add(where);
  into.set(where, sums);
}

function nameOf({ functionName, url, lineNumber }: Profiler.Profile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${fileOf(url)}:${lineNumber + 1}`;
}

function fileOf(url: string): string {
  const marker = ["/node_modules/", "/src/", "/bench/"].find((part) => url.includes(part));
  if (marker === undefined) {
    return url === "" ? "(engine)" : url;
  }
  return url.slice(url.lastIndexOf(marker) + 1).replace("node_modules/", "");
}

function sorted(sums: ReadonlyMap<string, Sums>): ProfileLine[] {
  return [...sums]
    .map(([where, { selfUs, totalUs }]) => ({ where, selfUs, totalUs }))
    .toSorted((a, b) => b.selfUs - a.selfUs);
}
