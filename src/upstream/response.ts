import type { EgressResponse } from "./egress/door.ts";
import { type JsonRpcResponse, parseJson, responseTo } from "./json-rpc.ts";
import { KeywardError } from "../core/errors.ts";
import { createSseDecoder } from "./sse.ts";

/**
 * Reads the answer to one request out of an HTTP response, which is JSON or a stream of events. Notifications and
 * requests of the server that come before it are passed over.
 *
 * @param eventLength characters of one SSE event
 * @returns null when there is no answer in the body
 * @throws KeywardError `upstream_unreachable` when an event stream ends before its answer, `upstream_protocol`
 */
export async function readResponse(
  response: EgressResponse,
  id: number,
  eventLength: number,
): Promise<JsonRpcResponse | null> {
  const [mediaType = ""] = (response.header("content-type") ?? "application/json").split(";");
  switch (mediaType.trim().toLowerCase()) {
    case "application/json":
      return responseTo(id, parseJson(await readText(response)), true);
    case "text/event-stream":
      return readEvents(response, id, eventLength);
    default:
      return null;
  }
}

async function readText(response: EgressResponse): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body()) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function readEvents(response: EgressResponse, id: number, eventLength: number): Promise<JsonRpcResponse> {
  const decoder = new TextDecoder();
  const events = createSseDecoder(eventLength);
  for await (const chunk of response.body()) {
    for (const data of events.push(decoder.decode(chunk, { stream: true }))) {
      const answer = responseTo(id, parseJson(data), false);
      if (answer !== null) {
        return answer;
      }
    }
  }
  // A stream that breaks loses its call; the caller asks again.
  throw new KeywardError("upstream_unreachable");
}
