import { KeywardError } from "../core/errors.ts";

/** One event. */
export interface SseEvent {
  readonly type: string;
  /** Empty in an event that only has an id or a retry hint: from there a client may resume (MCP 2025-11-25). */
  readonly data: string;
  readonly id: string | null;
  /** Milliseconds until the client should connect again. */
  readonly retryMs: number | null;
}

/**
 * Cuts a `text/event-stream` into its messages (WHATWG HTML, section 9.2.6). Text may be cut anywhere, inside a line or
 * between `\r` and `\n`. Events of another type than `message` are passed over.
 */
export interface SseDecoder {
  /**
   * @returns every event that this piece of text completes
   * @throws KeywardError `upstream_protocol` when one event is longer than the limit
   */
  push(text: string): readonly SseEvent[];
  /** Characters of the event that has begun. */
  readonly pending: number;
}

const LINE = /\r\n|\r|\n/g;
const LINE_END = /[\r\n]/;

// What may be written into a stream of our own again.
const EVENT_ID = /^[\x20-\x7e]{1,1024}$/;

/** @param maxEventLength characters of one event, its field names included */
export function createSseDecoder(maxEventLength: number): SseDecoder {
  const events = createEventDecoder(maxEventLength);
  return {
    push: (text) => events.push(text).filter(({ type }) => type === "message"),
    get pending() {
      return events.pending;
    },
  };
}

/** The same with events of every type. */
export function createEventDecoder(maxEventLength: number): SseDecoder {
  let rest: string[] = [];
  let waiting = 0;
  let isHeld = false;
  let event = new EventInProgress();
  let isFirst = true;

  const grow = (by: number): void => {
    if (event.length + by > maxEventLength) {
      throw new KeywardError("upstream_protocol");
    }
  };

  const takeLine = (line: string): SseEvent | null => {
    if (line === "") {
      const finished = event.finish();
      event = new EventInProgress();
      return finished;
    }
    grow(line.length);
    event.add(line);
    return null;
  };

  return {
    get pending() {
      return event.length + waiting;
    },
    push(text) {
      const piece = isFirst ? text.replace(/^\uFEFF/, "") : text;
      isFirst &&= text === "";
      waiting += piece.length;
      rest.push(piece);
      grow(waiting);
      // A long line comes in many pieces: they are put together once, when its end is there.
      if (!LINE_END.test(piece) && !isHeld) {
        return [];
      }
      const events: SseEvent[] = [];
      const pending = rest.join("");
      // A `\r` at the end may be the first half of a `\r\n`.
      isHeld = pending.endsWith("\r");
      const complete = isHeld ? pending.slice(0, -1) : pending;
      let start = 0;
      for (const end of complete.matchAll(LINE)) {
        const finished = takeLine(complete.slice(start, end.index));
        if (finished !== null) events.push(finished);
        start = end.index + end[0].length;
      }
      rest = [pending.slice(start)];
      waiting = pending.length - start;
      return events;
    },
  };
}

class EventInProgress {
  length = 0;
  readonly #data: string[] = [];
  #type = "";
  #id: string | null = null;
  #retryMs: number | null = null;

  add(line: string): void {
    this.length += line.length;
    const { field, value } = splitField(line);
    if (field === "data") this.#data.push(value);
    if (field === "event") this.#type = value;
    if (field === "id" && EVENT_ID.test(value)) this.#id = value;
    if (field === "retry" && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
  }

  finish(): SseEvent | null {
    const type = this.#type === "" ? "message" : this.#type;
    const isEmpty = this.#data.length === 0 && this.#id === null && this.#retryMs === null;
    return isEmpty ? null : { type, data: this.#data.join("\n"), id: this.#id, retryMs: this.#retryMs };
  }
}

function splitField(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) {
    return { field: line, value: "" };
  }
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(" ") ? value.slice(1) : value };
}
