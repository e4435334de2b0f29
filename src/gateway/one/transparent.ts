import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { ListKind } from "../../core/server.ts";
import type { Logger, Upstream } from "../../core/ports.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { Access } from "../../core/access-port.ts";
import type { Forward, Target } from "../call/forward.ts";
import { type Shape, transparentShape } from "../call/shape.ts";
import { createCatalog, isAllowed } from "../catalog.ts";
import type { Answered, Exchange, Method } from "../exchange.ts";
import { errorOf, INVALID_PARAMS, METHOD_NOT_FOUND, resultOf, type RpcAnswer } from "../jsonrpc.ts";
import { createListMethod } from "../list-method.ts";
import { pageOf } from "../page.ts";
import { isMirrored, PARAM_MISMATCH } from "../param-mirror.ts";
import { ownPeer, peerOf } from "../session/peer.ts";
import { unknownFor } from "../unknown.ts";
import { discoverResult, initializeResult, knownDiscoverResult, knownInitializeResult } from "./greeting.ts";
import { onlyAllowed } from "./allowed-tools.ts";

export interface TransparentParts {
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "greet">;
  readonly forward: Forward;
  /** Serves `subscriptions/listen` where the server cannot be asked. */
  readonly subscribe: Method;
  readonly logger: Logger;
}

const NOT_FOUND = errorOf(METHOD_NOT_FOUND, "Method not found");

const LISTS: ReadonlyMap<string, ListKind> = new Map([
  ["tools/list", "tools"],
  ["prompts/list", "prompts"],
  ["resources/list", "resources"],
  ["resources/templates/list", "resourceTemplates"],
]);

/**
 * `/mcp/<server>`: a client cannot tell it from the server behind it. Methods, fields and content that Keyward does not
 * know pass as they are. Until the caller has given a key, what is known from the last verification is shown, and the
 * first call asks for it.
 */
export function createTransparent(parts: TransparentParts): Method {
  const { resolver, upstream, forward, subscribe, logger } = parts;
  const catalog = createCatalog(logger);

  const initialize = async (exchange: Exchange, access: Access): Promise<RpcAnswer> => {
    const { client, session, signal } = exchange;
    const asked = client.revision;
    if (asked === null) {
      return errorOf(INVALID_PARAMS, "protocolVersion is a string.");
    }
    const resolution = await resolver.resolve(exchange.caller.identity, access.server);
    if (resolution.kind === "ready" && session !== null) {
      const { server } = access;
      const greeting = await upstream.greet(server, resolution.headers, ownPeer(session), "legacy", { signal });
      if (greeting.kind === "connected") {
        return resultOf(initializeResult(greeting, asked));
      }
    }
    return resultOf(knownInitializeResult(access.server, asked));
  };

  const discover = async (exchange: Exchange, { server }: Access): Promise<RpcAnswer> => {
    const resolution = await resolver.resolve(exchange.caller.identity, server);
    if (resolution.kind === "ready") {
      const { signal } = exchange;
      const greeting = await upstream.greet(server, resolution.headers, peerOf(exchange), "modern", { signal });
      if (greeting.kind === "connected") {
        return resultOf(discoverResult(greeting));
      }
    }
    return resultOf(knownDiscoverResult(server));
  };

  const known = (kind: ListKind, access: Access): Method =>
    createListMethod(kind, ({ client }, cursor) => {
      const items = access.server.discovered?.[kind] ?? [];
      return kind === "tools"
        ? catalog.page([{ access, items }], "one", client.era, cursor)
        : pageOf(
            items.map((item) => ({ key: JSON.stringify([item["name"], item["uri"], item["uriTemplate"]]), item })),
            cursor,
          );
    });

  const pass = (exchange: Exchange, access: Access, more: Partial<Target> = {}): Promise<Answered> => {
    const { params, text } = exchange.message;
    const definition = undefined;
    return forward(exchange, { access, params, text, definition, shape: shapeFor(exchange, definition), ...more });
  };

  const list = (exchange: Exchange, access: Access, kind: ListKind): Promise<Answered> => {
    const shape = shapeFor(exchange, undefined);
    return pass(exchange, access, {
      shape: kind === "tools" ? onlyAllowed(access, exchange.client.era, shape) : shape,
      whenMissing: known(kind, access),
    });
  };

  const callTool = async (exchange: Exchange, access: Access): Promise<Answered> => {
    const { message, client, headers } = exchange;
    const { name, arguments: args } = message.params;
    if (typeof name !== "string" || (args !== undefined && !isJsonObject(args))) {
      return errorOf(INVALID_PARAMS, "name is a string, and arguments, if there are any, are an object.");
    }
    if (!isAllowed(access, name)) {
      return unknownFor(message.method, client.era);
    }
    const definition = access.server.discovered?.tools.find((tool) => tool["name"] === name);
    if (client.era === "modern" && !isMirrored(definition, args, headers)) {
      exchange.channel.answer(PARAM_MISMATCH, 400);
      return null;
    }
    return pass(exchange, access, { definition, shape: shapeFor(exchange, definition) });
  };

  const listen = (exchange: Exchange, access: Access): Answered | Promise<Answered> =>
    access.server.discovered?.era === "modern"
      ? pass(exchange, access, { whenMissing: subscribe })
      : subscribe(exchange, exchange.message.params);

  const answer = (exchange: Exchange, access: Access): Answered | Promise<Answered> => {
    const { client, message } = exchange;
    const isLegacy = client.era === "legacy";
    const kind = LISTS.get(message.method);
    if (kind !== undefined) {
      return list(exchange, access, kind);
    }
    switch (message.method) {
      case "initialize":
        return isLegacy ? initialize(exchange, access) : NOT_FOUND;
      case "ping":
        return isLegacy ? resultOf({}) : NOT_FOUND;
      case "server/discover":
        return isLegacy ? NOT_FOUND : discover(exchange, access);
      case "subscriptions/listen":
        return isLegacy ? NOT_FOUND : listen(exchange, access);
      case "tools/call":
        return callTool(exchange, access);
      default:
        return pass(exchange, access);
    }
  };

  return (exchange) => {
    const { scope } = exchange;
    return scope.kind === "one" ? answer(exchange, scope.access) : NOT_FOUND;
  };
}

function shapeFor({ client, message }: Exchange, definition: JsonObject | undefined): Shape {
  return transparentShape({ era: client.era, method: message.method, definition });
}
