import type { JsonObject } from "../core/json.ts";
import type { Logger } from "../core/ports.ts";
import { acceptsEvents } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { METHOD_NOT_FOUND, type RpcAnswer, type RpcRequest } from "./jsonrpc.ts";
import { asKnown } from "./known-error.ts";
import type { Methods } from "./methods.ts";
import type { Client } from "./negotiate.ts";
import { ACCEPTED, type HttpAnswer, sendJson } from "./respond.ts";
import { dressAnswer, unavailable } from "./result.ts";
import type { Sessions } from "./session/sessions.ts";
import { Channel } from "./stream/channel.ts";
import type { Streams } from "./stream/streams.ts";
import type { Sender } from "./visit.ts";

export interface RequestParts {
  readonly methods: Methods;
  readonly sessions: Sessions;
  readonly streams: Streams;
  readonly logger: Logger;
  /** Keyward's own, told to clients. */
  readonly serverInfo: JsonObject;
}

interface RequestSender extends Sender {
  readonly client: Client;
  /** What a session of this endpoint is bound to besides its identity. */
  readonly scopeKey: string;
}

/** Serves one JSON-RPC request. @returns null when it has been answered on its own channel */
export type ServeRequest = (from: RequestSender, message: RpcRequest) => Promise<HttpAnswer | null>;

export function createRequests({ methods, sessions, streams, logger, serverInfo }: RequestParts): ServeRequest {
  return async (from, message) => {
    const { visit, caller, scope, client } = from;
    const { request, response, requestId, address } = visit;
    const { method, isKnown } = methods.find(scope.kind, client.era, message.method);
    // A method that Keyward does not know is foreign text.
    visit.seen.method = isKnown ? message.method : null;
    const begins = message.method === "initialize" && client.era === "legacy";
    const issued = begins ? sessions.issue(caller.identity, from.scopeKey, client) : null;
    const session = issued?.facts ?? from.session;
    const headers: Record<string, string> = {};
    const channel = new Channel({
      response,
      id: message.id,
      takesEvents: acceptsEvents(request),
      openEvents: () => streams.open({ caller, response, requestId }),
      sendJson: (status, json) => sendJson(response, { status, json, headers }, requestId),
    });
    const { signal, finish } = listenForLeaving({ ...from, session }, message, sessions);
    const exchange: Exchange = {
      caller,
      client,
      scope,
      message,
      session,
      channel,
      headers: request.headers,
      requestId,
      address,
      signal,
      sawServer: (server) => void (visit.seen.server = server),
      cameTo: (outcome) => void (visit.seen.outcome = outcome),
      afterwards: (task) => void visit.afterwards.push(task),
    };
    try {
      const answered = await method(exchange, message.params);
      if (answered !== null && !signal.aborted) {
        if (answered.kind === "error") visit.seen.outcome ??= "error";
        // Only with the result does a session begin.
        if (issued !== null && answered.kind === "result") headers["mcp-session-id"] = issued.header;
        channel.answer(
          dressAnswer(answered, client.era, scope.kind === "all" ? serverInfo : null),
          statusOf(answered, client),
        );
      }
    } catch (error) {
      if (!signal.aborted) {
        // In band: official clients show a JSON-RPC error, and hide it behind any status but 200.
        visit.seen.outcome = "unavailable";
        channel.answer(unavailable(asKnown(error, logger, requestId).code));
      }
    } finally {
      finish();
    }
    if (signal.aborted && !channel.isAnswered) {
      visit.seen.outcome = "cancelled";
      // Nobody waits for the answer any more.
      channel.close();
      return response.headersSent ? null : ACCEPTED;
    }
    visit.seen.status = channel.status;
    return null;
  };
}

function statusOf(answered: RpcAnswer, { era }: Client): number {
  return era === "modern" && answered.kind === "error" && answered.error.code === METHOD_NOT_FOUND ? 404 : 200;
}

/**
 * A modern client cancels a request by going away. A legacy one says so in its session; when it goes away from a server
 * that it has a session of its own with, the server hears of it as it would without Keyward, and may be resumed.
 */
function listenForLeaving(
  { visit: { response }, caller, client, scope, session }: RequestSender,
  { id }: RpcRequest,
  sessions: Sessions,
): { readonly signal: AbortSignal; readonly finish: () => void } {
  const controller = new AbortController();
  const untrack = session === null ? () => {} : sessions.track(session, caller.identity, id, controller);
  const isMirrored = client.era === "modern" || (session !== null && scope.kind === "one");
  const leave = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  if (isMirrored) {
    // It may have gone while the body was parsed: then there is no event any more.
    if (response.destroyed) controller.abort();
    response.once("close", leave);
  }
  return {
    signal: controller.signal,
    finish() {
      untrack();
      response.off("close", leave);
    },
  };
}
