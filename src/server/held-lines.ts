import type { LogDestination } from "./log.ts";

/** So much is written at once. */
const HELD_CHARACTERS = 16_384;
/** A line waits no longer than this. */
const HELD_MS = 100;

/**
 * Collects lines for a tenth of a second and writes them together: a write for each call costs more than making its line.
 * A process that ends, by itself or by an error, writes them first; one that is killed loses them.
 */
export function holdLines(destination: Pick<LogDestination, "write">): Required<LogDestination> {
  let held = "";
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (held !== "") {
      const lines = held;
      held = "";
      destination.write(lines);
    }
  }

  process.on("exit", flush);
  return {
    flush,
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
