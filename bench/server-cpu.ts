import { readdirSync, readFileSync } from "node:fs";

/** What `/proc` counts in. */
const TICK_US = 10_000;

/** @param pid a process that a database server has started. @returns that of the server; null without `/proc` */
export function serverOf(pid: number): string | null {
  return statOf(String(pid))?.parent ?? null;
}

/** @returns CPU in microseconds of the server and all that it has started, ended ones included; NaN without `/proc` */
export function cpuOfServer(server: string | null): number {
  if (server === null) {
    return Number.NaN;
  }
  return readdirSync("/proc")
    .flatMap((entry) => (/^\d+$/.test(entry) ? (statOf(entry) ?? []) : []))
    .map(({ pid, parent, own, ofEnded }) => (pid === server ? own + ofEnded : parent === server ? own : 0))
    .reduce((sum, ticks) => sum + ticks * TICK_US, 0);
}

interface ProcessStat {
  readonly pid: string;
  readonly parent: string;
  /** Ticks of CPU, of itself and of its children that have ended. */
  readonly own: number;
  readonly ofEnded: number;
}

/** proc_pid_stat(5). The name of the program, in brackets, may hold anything. */
function statOf(pid: string): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = (index: number): number => Number(fields[index]);
    return { pid, parent: fields[1] ?? "", own: ticks(11) + ticks(12), ofEnded: ticks(13) + ticks(14) };
  } catch {
    // It has ended meanwhile, or the machine has no such files.
    return null;
  }
}
