import { KeywardError } from "../core/errors.ts";

/**
 * Cuts a `text/event-stream` into the data of its messages (WHATWG HTML, section 9.2.6).
 *
 * Text may be cut anywhere, inside a line or between `\r` and `\n`. Ids and retry hints are passed over, and so are
 * events of another type than `message`.
 */
export interface SseDecoder {
  /**
   * @returns the data of every event that this piece of text completes
   * @throws KeywardError `upstream_protocol` when one event is longer than the limit
   */
  push(text: string): readonly string[];
}

interface SseEvent {
  readonly type: string;
  readonly data: string;
}

const LINE = /\r\n|\r|\n/g;

/** @param maxEventLength characters of one event, its field names included */
export function createSseDecoder(maxEventLength: number): SseDecoder {
  const events = createEventDecoder(maxEventLength);
  return {
    push: (text) =>
      events
        .push(text)
        .filter(({ type }) => type === "message")
        .map(({ data }) => data),
  };
}

/** The same with events of every type. */
export function createEventDecoder(maxEventLength: number): { push(text: string): readonly SseEvent[] } {
  let rest = "";
  let data: string[] = [];
  let type = "";
  let length = 0;
  let isFirst = true;

  const grow = (by: number): void => {
    if (length + by > maxEventLength) {
      throw new KeywardError("upstream_protocol");
    }
  };

  const takeLine = (line: string): SseEvent | null => {
    if (line === "") {
      const event = data.length > 0 ? { type: type === "" ? "message" : type, data: data.join("\n") } : null;
      data = [];
      type = "";
      length = 0;
      return event;
    }
    grow(line.length);
    length += line.length;
    const { field, value } = splitField(line);
    if (field === "data") data.push(value);
    if (field === "event") type = value;
    return null;
  };

  return {
    push(text) {
      const events: SseEvent[] = [];
      let pending = rest + (isFirst ? text.replace(/^\uFEFF/, "") : text);
      isFirst &&= text === "";
      // A `\r` at the end may be the first half of a `\r\n`.
      const held = pending.endsWith("\r") ? "\r" : "";
      pending = held === "" ? pending : pending.slice(0, -1);
      let start = 0;
      for (const end of pending.matchAll(LINE)) {
        const event = takeLine(pending.slice(start, end.index));
        if (event !== null) events.push(event);
        start = end.index + end[0].length;
      }
      rest = pending.slice(start) + held;
      grow(rest.length);
      return events;
    },
  };
}

function splitField(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) {
    return { field: line, value: "" };
  }
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(" ") ? value.slice(1) : value };
}
