import type { LogDestination } from "./log.ts";

/** So much is written at once. */
const HELD_CHARACTERS = 16_384;
/** Bytes that a reader may be behind: what comes then is dropped, because memory must not depend on whoever reads. */
const MAX_BEHIND = 4_194_304;
/** A line waits no longer than this. */
const HELD_MS = 100;

/** A stream, as far as it is one. */
interface Sink extends Pick<LogDestination, "write"> {
  /** Bytes that it has taken and that nobody has read. */
  readonly writableLength?: number;
}

export interface HeldLines extends Required<LogDestination> {
  /** How many lines nobody will see. */
  dropped(): number;
}

/**
 * Collects lines for a tenth of a second and writes them together: a write for each call costs more than making its line.
 * A process that ends, by itself or by an error, writes them first; one that is killed loses them.
 */
export function holdLines(destination: Sink): HeldLines {
  let held = "";
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (held !== "") {
      const lines = held;
      held = "";
      if ((destination.writableLength ?? 0) > MAX_BEHIND) {
        dropped += lines.split("\n").length - 1;
      } else {
        destination.write(lines);
      }
    }
  }

  process.on("exit", flush);
  return {
    flush,
    dropped: () => dropped,
    write(line) {
      held += line;
      if (held.length >= HELD_CHARACTERS) {
        flush();
      } else {
        timer ??= setTimeout(flush, HELD_MS).unref();
      }
    },
  };
}
