import { pino, type DestinationStream } from "pino";
import type { LogFields, Logger } from "../core/ports.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `json`: one object a line. `pretty`: for a person at a terminal. */
  readonly format: "json" | "pretty";
}

export interface LogDestination extends DestinationStream {
  /** Writes what it holds back. Called after each warning and error: they may be the last lines of a process. */
  flush?(): void;
}

/**
 * Logs event names with allow-listed fields, to standard error: standard output belongs to what a command answers.
 * There is no call that takes an error, a headers object or a body.
 */
export function createLogger(options: LogOptions, destination: LogDestination = process.stderr): Logger {
  const sink = options.format === "pretty" ? prettyLines(destination) : destination;
  const log = pino({ level: options.level, base: null, timestamp: isoTime() }, sink);
  return {
    debug: (event, fields) => log.debug(withEvent(event, fields)),
    info: (event, fields) => log.info(withEvent(event, fields)),
    warn(event, fields) {
      log.warn(withEvent(event, fields));
      destination.flush?.();
    },
    error(event, fields) {
      log.error(withEvent(event, fields));
      destination.flush?.();
    },
  };
}

/** ISO 8601. Lines of one second share all but their milliseconds: making a date for each costs more than the line. */
function isoTime(): () => string {
  let second = -1;
  let text = "";
  return () => {
    const now = Date.now();
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toISOString().slice(0, 20);
    }
    return `,"time":"${text}${String(now - current * 1000).padStart(3, "0")}Z"`;
  };
}

function withEvent(event: string, fields: LogFields | undefined): LogFields {
  return { event, ...fields };
}

const LEVEL_NAMES: ReadonlyMap<number, string> = new Map([
  [20, "debug"],
  [30, "info "],
  [40, "warn "],
  [50, "error"],
]);

function prettyLines(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      const { level, time, event, ...fields } = JSON.parse(line) as Record<string, string | number>;
      const rest = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      const at = String(time).slice(11, 19);
      destination.write(`${[at, LEVEL_NAMES.get(Number(level)) ?? level, event, ...rest].join("  ")}\n`);
    },
  };
}
