import type { Clock } from "../../core/ports.ts";
import type { ReplayedEvent } from "./event-stream.ts";

/**
 * The last messages of one session on its own streams (GET), so that a client whose connection broke gets what it missed.
 *
 * A message belongs to one line of streams: a stream, and those that resume it. Resuming one line must not repeat what
 * another one was sent (2025-11-25, transports, "Resumability").
 */
export interface Replay {
  /**
   * Begins a stream.
   * @param lastEventId what the client sends to resume; anything unknown begins a new line
   * @returns its line, the id to resume from when no message comes, and what was missed
   */
  open(lastEventId: string | null): {
    readonly line: string;
    readonly eventId: string;
    readonly missed: ReplayedEvent[];
    /** Whether `lastEventId` names a line of this session. */
    readonly isKnown: boolean;
  };
  /** Notes a message of a line. @returns its event id */
  add(line: string, json: string): string;
  /** Lets go of what is kept. */
  clear(): void;
}

const MAX_MESSAGES = 100;
const MAX_CHARS = 65_536;

/** Of all sessions together. Whoever is over it keeps nothing, and takes nothing away from the others. */
const MAX_CHARS_OF_ALL = 33_554_432;

interface Kept {
  readonly line: string;
  readonly count: number;
  readonly json: string;
}

/** @returns begins a session's */
export function createReplays(clock: Clock): () => Replay {
  const all = { chars: 0 };
  return () => createReplay(clock, all);
}

/**
 * Event ids are `<line>.<count>`. Lines are numbered from the time on, so that an id from before a restart resumes nothing
 * it does not mean.
 */
function createReplay(clock: Clock, all: { chars: number }): Replay {
  const lines = new Set<string>();
  const kept: Kept[] = [];
  let chars = 0;
  let count = 0;
  let newestLine = clock.now();

  function beginLine(): string {
    newestLine += 1;
    const line = newestLine.toString(36);
    lines.add(line);
    const [oldest] = lines;
    if (lines.size > MAX_MESSAGES && oldest !== undefined) {
      lines.delete(oldest);
    }
    return line;
  }

  function letGo(isEnough: () => boolean): void {
    while (kept.length > 0 && !isEnough()) {
      const length = kept.shift()?.json.length ?? 0;
      chars -= length;
      all.chars -= length;
    }
  }

  return {
    open(lastEventId) {
      const [, known = "", seen = ""] = /^([0-9a-z]{1,16})\.(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
      if (!lines.has(known)) {
        const line = beginLine();
        return { line, eventId: `${line}.${count}`, missed: [], isKnown: false };
      }
      const missed = kept
        .filter((message) => message.line === known && message.count > Number(seen))
        .map((message) => ({ eventId: `${known}.${message.count}`, json: message.json }));
      return { line: known, eventId: `${known}.${count}`, missed, isKnown: true };
    },

    add(line, json) {
      count += 1;
      kept.push({ line, count, json });
      chars += json.length;
      all.chars += json.length;
      letGo(() => kept.length <= MAX_MESSAGES && chars <= MAX_CHARS && all.chars <= MAX_CHARS_OF_ALL);
      return `${line}.${count}`;
    },

    clear() {
      letGo(() => false);
    },
  };
}
