import type { JsonObject } from "../../core/json.ts";
import { memberSpans, memberText, withMember } from "../../core/json-text.ts";
import type { Forward } from "../call/forward.ts";
import { aggregateShape } from "../call/shape.ts";
import type { Method } from "../exchange.ts";
import { errorOf, INVALID_PARAMS } from "../jsonrpc.ts";
import { isMirrored, PARAM_MISMATCH } from "../param-mirror.ts";
import { unavailable } from "../result.ts";
import { unknownFor } from "../unknown.ts";
import type { RoutedMethod, Routing } from "./routing.ts";

export interface CallParts {
  readonly routing: Routing;
  readonly forward: Forward;
  /** Keyward's own, told to clients. */
  readonly serverInfo: JsonObject;
}

/** Answers on `/mcp` what one server answers: finds the server by the name or URI, and sends the request there. */
export function createCall(method: RoutedMethod, { routing, forward, serverInfo }: CallParts): Method {
  return async (exchange, params) => {
    const { caller, client, headers, message, channel } = exchange;
    const located = await routing.locate(caller.identity, method, params);
    switch (located.kind) {
      case "unknown":
        return unknownFor(method, client.era);
      case "invalid":
        return errorOf(INVALID_PARAMS, located.why);
      case "unavailable":
        exchange.cameTo("unavailable");
        return unavailable(located.code);
      case "routed":
        break;
    }
    const { access, own, definition } = located;
    if (client.era === "modern" && !isMirrored(definition, params["arguments"], headers)) {
      channel.answer(PARAM_MISMATCH, 400);
      return null;
    }
    return forward(exchange, {
      access,
      params: { ...params, ...own },
      text: withParams(message.text, own),
      definition,
      shape: aggregateShape({ era: client.era, method, definition }, access.server.name, serverInfo),
    });
  };
}

/** Puts the server's own name or URI where the exposed one stands; everything else stays as the client wrote it. */
function withParams(text: string, own: JsonObject): string {
  const spans = memberSpans(text);
  const before = memberText(text, spans, "params") ?? "{}";
  const after = Object.entries(own).reduce(
    (params, [name, value]) => withMember(params, memberSpans(params), name, JSON.stringify(value)),
    before,
  );
  return withMember(text, spans, "params", after);
}
