import type { AuthRequiredIssuer } from "../core/auth-required.ts";
import type { Caller } from "../core/callers.ts";
import { isKeywardError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CallHeaders, Logger, Upstream } from "../core/ports.ts";
import type { Rejections } from "../core/rejection.ts";
import { parseRequestedBy } from "../core/requested-by.ts";
import type { AuthRequiredReason, Resolver } from "../core/resolver.ts";
import type { Server } from "../core/server.ts";
import type { Access, Store } from "../core/store-port.ts";
import { rewriteResult } from "./all/rewrite-result.ts";
import { type Location, passedMeta, type Routed, type Routing } from "./all/routing.ts";
import { authRequiredResult } from "./auth-required.ts";
import { findTool, type Scope } from "./catalog.ts";
import { callRefusedText, failedText, refusalUnconfirmedText, refusedForAllText } from "./failure-text.ts";
import { errorOf, INVALID_PARAMS, resultOf, type RpcAnswer } from "./jsonrpc.ts";
import type { Client } from "./negotiate.ts";
import { passError, passToolResult, toolFailure, unavailable } from "./result.ts";

/** One request, with everything that is known about it. */
export interface Exchange {
  readonly caller: Caller;
  readonly client: Client;
  readonly scope: Scope;
  readonly requestId: string;
  readonly address: string | null;
  /** Aborts when a modern client goes away. */
  readonly signal: AbortSignal;
  /** Notes in the access log which server a call went to. */
  readonly sawServer: (id: string) => void;
  /** Runs a task once the answer is out. Best effort. */
  afterwards(task: () => Promise<void>): void;
}

export interface CallParts {
  readonly store: Pick<Store, "touchCredential">;
  readonly routing: Routing;
  readonly resolver: Resolver;
  readonly issuer: AuthRequiredIssuer;
  readonly upstream: Pick<Upstream, "request">;
  readonly rejections: Rejections;
  readonly logger: Logger;
}

// One answer for a tool that does not exist, a server that does not, and one that the caller may not use.
const UNKNOWN_TOOL = errorOf(INVALID_PARAMS, "Unknown tool");

/** @returns answers `tools/call`; it throws KeywardError when the store cannot be asked */
export function createToolCall(parts: CallParts): (exchange: Exchange, params: JsonObject) => Promise<RpcAnswer> {
  const { store, routing, resolver, issuer, upstream, rejections, logger } = parts;

  async function locate({ scope, caller }: Exchange, params: JsonObject): Promise<Location> {
    return scope.kind === "one"
      ? locateAt(scope.access, params)
      : routing.locate(caller.identity, "tools/call", params);
  }

  async function forward(exchange: Exchange, target: Routed, headers: CallHeaders): Promise<RpcAnswer> {
    const { server } = target.access;
    const answer = await upstream.request(server, headers, target.message, { signal: exchange.signal });
    const { credential } = headers;
    if (credential !== null) {
      exchange.afterwards(() => store.touchCredential(credential.id));
    }
    switch (answer.kind) {
      case "result":
        return resultOf(shown(exchange, server, passToolResult(answer.result, exchange.client.era, target.definition)));
      case "error":
        return passError(answer.error, exchange.client.era);
      case "refused":
        logger.warn("upstream_refused", { server_id: server.id, request_id: exchange.requestId });
        return credential === null
          ? resultOf(toolFailure(refusedForAllText(server.name)))
          : afterRefusal(exchange, target, { ...headers, credential });
      case "failed":
        logger.warn("upstream_failed", { server_id: server.id, request_id: exchange.requestId, code: answer.code });
        return resultOf(toolFailure(failedText(server.name, answer.code)));
    }
  }

  async function afterRefusal(
    exchange: Exchange,
    target: Routed,
    headers: Parameters<Rejections["judge"]>[1],
  ): Promise<RpcAnswer> {
    const { server } = target.access;
    const { requestId, address } = exchange;
    switch (await rejections.judge(server, headers, { requestId, address })) {
      case "rejected":
        return ask(exchange, target, "rejected");
      case "call_refused":
        return resultOf(toolFailure(callRefusedText(server.name)));
      case "unknown":
        return resultOf(toolFailure(refusalUnconfirmedText(server.name)));
    }
  }

  async function ask(
    exchange: Exchange,
    { access, definition }: Routed,
    reason: AuthRequiredReason,
  ): Promise<RpcAnswer> {
    const { caller, client, requestId, address } = exchange;
    try {
      const required = await issuer.issue({
        identity: caller.identity,
        server: access.server,
        reason,
        requestedBy: parseRequestedBy({ clientName: client.name, clientVersion: client.version, address }),
        origin: { requestId, address },
      });
      return resultOf(authRequiredResult(required, access.server, definition));
    } catch (error) {
      if (isKeywardError(error, "access_denied")) {
        return UNKNOWN_TOOL;
      }
      if (isKeywardError(error, "rate_limited")) {
        return resultOf(toolFailure(error.message));
      }
      throw error;
    }
  }

  return async (exchange, params) => {
    const target = await locate(exchange, params);
    switch (target.kind) {
      case "unknown":
        return UNKNOWN_TOOL;
      case "invalid":
        return errorOf(INVALID_PARAMS, target.why);
      case "unavailable":
        return unavailable(target.code);
      case "routed":
        break;
    }
    exchange.sawServer(target.access.server.id);
    const resolution = await resolver.resolve(exchange.caller.identity, target.access.server);
    switch (resolution.kind) {
      case "ready":
        return forward(exchange, target, resolution.headers);
      case "auth_required":
        return ask(exchange, target, resolution.reason);
      case "unavailable":
        return unavailable(resolution.code);
    }
  };
}

function locateAt(access: Access, params: JsonObject): Location {
  const { name, arguments: args } = params;
  if (typeof name !== "string" || (args !== undefined && !isJsonObject(args))) {
    return { kind: "invalid", why: "name is a string, and arguments, if there are any, are an object." };
  }
  const definition = findTool(access, name);
  const sent = { name, ...(args === undefined ? {} : { arguments: args }), ...passedMeta(params) };
  return definition === null
    ? { kind: "unknown" }
    : { kind: "routed", access, message: { method: "tools/call", params: sent }, definition };
}

function shown({ scope }: Exchange, server: Server, result: JsonObject): JsonObject {
  return scope.kind === "all" ? rewriteResult(server.name, result) : result;
}
