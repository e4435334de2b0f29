import type { EgressResponse, Taken } from "./egress/receiver.ts";
import { createSseDecoder, type SseEvent } from "./sse.ts";

/** How a response carries its messages. */
type BodyKind = "json" | "events" | "neither";

export function bodyKind(response: EgressResponse): BodyKind {
  const [mediaType = ""] = (response.header("content-type") ?? "application/json").split(";", 1);
  switch (mediaType.trim().toLowerCase()) {
    case "application/json":
      return "json";
    case "text/event-stream":
      return "events";
    default:
      return "neither";
  }
}

/** @throws KeywardError `upstream_protocol` beyond the cap, `upstream_unreachable` when the body ends early */
export async function readText(response: EgressResponse): Promise<string> {
  return (await response.bytes()).toString("utf8");
}

/**
 * Hands over the events of a stream one after the other, until it ends or one was enough.
 * @param eventLength characters of one event
 * @throws KeywardError `upstream_protocol` for an event that is too long, `upstream_unreachable` when the stream breaks
 */
export async function readEvents(
  response: EgressResponse,
  eventLength: number,
  take: (event: SseEvent) => Taken,
): Promise<void> {
  const decoder = new TextDecoder();
  const events = createSseDecoder(eventLength);
  await response.parts((part) => {
    const complete = events.push(decoder.decode(part, { stream: true }));
    response.keep(events.pending);
    return takeEach(complete.values(), take);
  });
}

// Without a promise for each event: most are taken at once.
function takeEach(events: Iterator<SseEvent>, take: (event: SseEvent) => Taken): Taken {
  for (let next = events.next(); next.done !== true; next = events.next()) {
    const taken = take(next.value);
    if (taken === "enough") {
      return "enough";
    }
    if (taken !== undefined) {
      return taken.then((said) => said ?? takeEach(events, take));
    }
  }
  return undefined;
}
