import { Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { Tally } from "./tally.ts";

it("tells what the library's own histogram tells", async () => {
  const [own, theirs] = [new Registry(), new Registry()];
  const bounds = [0.001, 0.01, 1];
  const of = { name: "a_seconds", help: "A." };
  const tally = new Tally({ ...of, label: "stage", bounds, registry: own });
  const histogram = new Histogram({ ...of, labelNames: ["stage"], buckets: [...bounds], registers: [theirs] });
  for (const [stage, value] of [
    ["x", 0],
    ["x", 0.001],
    ["y", 0.5],
    ["x", 0.0011],
    ["x", 7],
  ] as const) {
    tally.add(stage, value);
    histogram.observe({ stage }, value);
  }
  expect(await own.metrics()).toBe(await theirs.metrics());
});
