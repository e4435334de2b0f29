import { availableParallelism, cpus, totalmem } from "node:os";
import { isMet, type Measure, rounded } from "./row.ts";

/** Of the machine: what a reader needs to compare, and nothing that names it. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

export function machineLine({ cores, cpu, memoryGiB, node, platform }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGiB} GiB of memory, Node ${node}, ${platform}`;
}

const HEAD = ["What", "Against", "Figure", "Measured", "", "Goal", "Met"] as const;

/** For a terminal. */
export function textTable(measures: readonly Measure[]): string {
  const rows = [HEAD, ...measures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
    .concat("\n");
}

/** For `docs/performance.md`. */
export function markdownTable(measures: readonly Measure[]): string {
  // Markdown would take `<server>` for a tag.
  const text = (cell: string): string => cell.replaceAll("|", "\\|").replaceAll(/<(?=[a-z])/g, "&lt;");
  const line = (row: readonly string[]): string => `| ${row.map(text).join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...measures.map((measure) => line(cells(measure)))]
    .join("\n")
    .concat("\n");
}

function cells(measure: Measure): readonly string[] {
  const { what, against, figure, value, unit, detail, goal } = measure;
  const sign = unit === "x" ? "x" : unit === "" ? "" : ` ${unit}`;
  const wanted = goal === null ? "" : "atMost" in goal ? `<= ${goal.atMost}${sign}` : `>= ${goal.atLeast}${sign}`;
  const met = isMet(measure);
  return [what, against, figure, `${rounded(value)}${sign}`, detail, wanted, met === null ? "" : met ? "yes" : "NO"];
}
