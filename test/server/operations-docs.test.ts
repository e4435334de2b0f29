import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createMetrics } from "../../src/server/metrics/metrics.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/operations.md", import.meta.url)), "utf8");

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly type?: string;
}

it("docs/operations.md lists every metric with its labels, and no other", async () => {
  const { registry } = createMetrics({ ofProcess: false });
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  const rows = (registry.getMetricsAsArray() as unknown as Described[]).map(
    ({ name, help, labelNames }) =>
      `| \`${name}\` | ${types.get(name)} | ${labelNames.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
  );
  const table = ["| metric | type | labels | counts |", "|---|---|---|---|", ...rows].join("\n");
  const [, listed] = /<!-- metrics: begin -->\n([\s\S]*?)\n?<!-- metrics: end -->/.exec(page) ?? [];
  expect(listed).toBe(table);
  const names = new Set([...page.matchAll(/\bkeyward_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, "")));
  expect([...names].filter((name) => !types.has(name))).toEqual([]);
});
