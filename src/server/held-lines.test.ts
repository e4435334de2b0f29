import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { holdLines } from "./held-lines.ts";
import { createLogger, type LogDestination } from "./log.ts";

let written: string[];
let lines: Required<LogDestination>;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  lines = holdLines({ write: (text) => void written.push(text) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("held lines", () => {
  it("are written together, after a tenth of a second", () => {
    lines.write("a\n");
    lines.write("b\n");
    vi.advanceTimersByTime(99);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(["a\nb\n"]);
    lines.write("c\n");
    vi.advanceTimersByTime(100);
    expect(written).toEqual(["a\nb\n", "c\n"]);
  });

  it("are written at once when they are many", () => {
    const line = `${"x".repeat(1_023)}\n`;
    for (let i = 0; i < 16; i += 1) {
      lines.write(line);
    }
    expect(written).toEqual([line.repeat(16)]);
  });

  it("A72: are dropped and counted while nobody reads, so that memory does not depend on who does", () => {
    const sink = { writableLength: 4_194_305, write: (text: string) => void written.push(text) };
    const blocked = holdLines(sink);
    blocked.write("a\n");
    blocked.write("b\n");
    blocked.flush();
    expect([written, blocked.dropped()]).toEqual([[], 2]);
    sink.writableLength = 0;
    blocked.write("c\n");
    blocked.flush();
    expect([written, blocked.dropped()]).toEqual([["c\n"], 2]);
  });

  it("are written with a warning or an error, in their order", () => {
    const logger = createLogger({ level: "info", format: "json" }, lines);
    logger.info("one");
    expect(written).toEqual([]);
    logger.warn("two");
    logger.error("three");
    expect(written.map((text) => [...text.matchAll(/"event":"(\w+)"/g)].map(([, event]) => event))).toEqual([
      ["one", "two"],
      ["three"],
    ]);
  });

  it.each([
    ["ends by itself", ""],
    ["exits", "process.exit(0);"],
    ["fails", "throw new Error('made by a test');"],
  ])("are all written when the process %s", (_, end) => {
    const from = JSON.stringify(new URL("held-lines.ts", import.meta.url).href);
    const program = `
      const { holdLines } = await import(${from});
      const lines = holdLines(process.stderr);
      for (let i = 0; i < 100; i += 1) lines.write("line " + i + "\\n");
      ${end}`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(stderr.match(/^line \d+$/gm)).toEqual(Array.from({ length: 100 }, (_unused, i) => `line ${i}`));
  });
});
