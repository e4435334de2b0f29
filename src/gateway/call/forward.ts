import type {
  CallHeaders,
  ClientMessage,
  Clock,
  ExchangeEnd,
  Logger,
  ServerMessage,
  Upstream,
} from "../../core/ports.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Rejections } from "../../core/rejection.ts";
import type { Resolution, Resolver } from "../../core/resolver.ts";
import type { ProtocolEra } from "../../core/server.ts";
import type { Access } from "../../core/access-port.ts";
import type { Store } from "../../core/store-port.ts";
import type { Ladder } from "../auth-required/ladder.ts";
import type { Answered, Exchange, Method } from "../exchange.ts";
import { callRefusedText, failedText, refusalUnconfirmedText, refusedForAllText } from "../failure-text.ts";
import type { RpcAnswer } from "../jsonrpc.ts";
import { failureFor, unavailable } from "../result.ts";
import { peerOf } from "../session/peer.ts";
import { createSetNotes } from "./set-note.ts";
import type { Shape } from "./shape.ts";

/** What a server is sent, and how its response is shown. */
export interface Target {
  readonly access: Access;
  /** The message as that server knows it: own names and URIs. */
  readonly params: JsonObject;
  readonly text: string;
  /** Of the tool that is called; `undefined` for other methods, and when it is not known. */
  readonly definition: JsonObject | undefined;
  /** The response in the client's terms; null = as it is. */
  readonly shape: Shape;
  /** What is answered as long as there are no usable values; default: they are asked for. */
  readonly whenMissing?: Method;
}

export interface ForwardParts {
  readonly store: Pick<Store, "touchCredential" | "noteTold">;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "exchange">;
  readonly rejections: Rejections;
  readonly ladder: Ladder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Base of every link. Never derived from a request. */
  readonly publicUrl: string;
}

type Ready = Extract<Resolution, { kind: "ready" }>;

/** Sends a request on to its server with the caller's own values, and everything that comes back to the client. */
export type Forward = (exchange: Exchange, target: Target) => Promise<Answered>;

export function createForward(parts: ForwardParts): Forward {
  const { store, resolver, upstream, rejections, ladder, logger } = parts;
  const setNotes = createSetNotes(parts);

  async function send(exchange: Exchange, target: Target, { headers, untold }: Ready): Promise<Answered> {
    const { channel, signal } = exchange;
    const { server } = target.access;
    const respond = (own: ServerMessage): void => {
      if ("error" in own.message) exchange.cameTo("error");
      const response = untold === undefined ? own : setNotes.addTo(own, exchange, untold, server.name);
      const shaped = target.shape(response);
      if (shaped === null) channel.passResponse(response);
      else channel.answer(shaped, statusOf(shaped, exchange.client.era, response.status), response.event);
    };
    const sink = (message: ServerMessage): void | Promise<void> =>
      message.kind === "response" ? respond(message) : channel.pass(message);
    const end = await upstream.exchange(server, headers, peerOf(exchange), messageOf(exchange, target), sink, {
      signal,
    });
    const { credential } = headers;
    if (credential !== null) {
      const { identity } = exchange.caller;
      const origin = { requestId: exchange.requestId, address: exchange.address };
      const use = { credentialId: credential.id, version: credential.version, serverId: server.id, identity, origin };
      exchange.afterwards(() => store.touchCredential(use));
    }
    return afterEnd(exchange, target, headers, end);
  }

  async function afterEnd(
    exchange: Exchange,
    target: Target,
    headers: CallHeaders,
    end: ExchangeEnd,
  ): Promise<Answered> {
    const { server } = target.access;
    switch (end.kind) {
      case "answered":
        return null;
      case "accepted":
        exchange.channel.close();
        return null;
      case "refused":
        exchange.cameTo("upstream_refused");
        logger.warn("upstream_refused", { server_id: server.id, request_id: exchange.requestId });
        return headers.credential === null
          ? failureFor(exchange.message.method, "upstream_rejected", refusedForAllText(server.name))
          : afterRefusal(exchange, target, { ...headers, credential: headers.credential });
      case "failed":
        exchange.cameTo("upstream_failed");
        return failureFor(exchange.message.method, end.code, failedText(server.name, end.code));
    }
  }

  async function afterRefusal(
    exchange: Exchange,
    target: Target,
    headers: Parameters<Rejections["judge"]>[1],
  ): Promise<Answered> {
    const { server } = target.access;
    const { requestId, address } = exchange;
    switch (await rejections.judge(server, headers, { requestId, address })) {
      case "rejected":
        exchange.cameTo("auth_required");
        return ladder.ask(exchange, target, "rejected");
      case "call_refused":
        return failureFor(exchange.message.method, "upstream_rejected", callRefusedText(server.name));
      case "unknown":
        return failureFor(exchange.message.method, "upstream_rejected", refusalUnconfirmedText(server.name));
    }
  }

  return async (exchange, asked) => {
    const { identity } = exchange.caller;
    const { server } = asked.access;
    exchange.sawServer(server);
    const retry = ladder.readRetry(exchange, asked);
    const target = retry === null ? asked : retry.target;
    const first = await resolver.resolve(identity, server);
    const isHeld = first.kind === "auth_required" && retry?.isCurrent === true;
    const resolution = isHeld
      ? await ladder.hold(exchange, server, retry, () => resolver.resolve(identity, server))
      : first;
    switch (resolution.kind) {
      case "ready":
        return send(exchange, target, resolution);
      case "auth_required":
        if (target.whenMissing !== undefined) {
          return target.whenMissing(exchange, exchange.message.params);
        }
        exchange.cameTo("auth_required");
        return isHeld
          ? ladder.tell(exchange, target, resolution.reason)
          : ladder.ask(exchange, target, resolution.reason);
      case "unavailable":
        exchange.cameTo("unavailable");
        return unavailable(resolution.code);
    }
  };
}

function messageOf({ message, client }: Exchange, { params, text, definition }: Target): ClientMessage {
  return {
    kind: "request",
    method: message.method,
    params,
    idText: JSON.stringify(message.id),
    text,
    era: client.era,
    tool: definition,
  };
}

/** Legacy clients take a 404 for the end of their session, and hide errors behind any status but 200. */
function statusOf({ kind }: RpcAnswer, era: ProtocolEra, status: number): number {
  return kind === "error" && era === "modern" ? status : 200;
}
