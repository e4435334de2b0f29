import { ERROR_TABLE, type ErrorCode, isKeywardError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { CallHeaders } from "../../core/ports.ts";
import { parseRequestedBy } from "../../core/requested-by.ts";
import type { AuthRequiredReason } from "../../core/resolver.ts";
import type { ProtocolEra } from "../../core/server.ts";
import { authRequiredError } from "../auth-required.ts";
import type { CallParts, Exchange } from "../call.ts";
import {
  callRefusedText,
  CANNOT_BE_PASSED_ON,
  failedText,
  refusalUnconfirmedText,
  refusedForAllText,
} from "../failure-text.ts";
import { errorOf, INTERNAL_ERROR, INVALID_PARAMS, RESOURCE_NOT_FOUND, resultOf, type RpcAnswer } from "../jsonrpc.ts";
import type { Method } from "../method.ts";
import { passError, unavailable } from "../result.ts";
import { rewriteResult } from "./rewrite-result.ts";
import type { Routed, RoutedMethod } from "./routing.ts";

type RequestMethod = Exclude<RoutedMethod, "tools/call">;

/**
 * Answers what one server answers besides tool calls: prompts, resources and completions. What goes wrong is a JSON-RPC
 * error here, since none of these results has a place for it.
 */
export function createServerRequest(method: RequestMethod, parts: CallParts): Method {
  const { routing, resolver, store, upstream, logger } = parts;

  async function forward(exchange: Exchange, { access, message }: Routed, headers: CallHeaders): Promise<RpcAnswer> {
    const { server } = access;
    const { requestId, client, signal } = exchange;
    const answer = await upstream.request(server, headers, message, { signal });
    const { credential } = headers;
    if (credential !== null) {
      exchange.afterwards(() => store.touchCredential(credential.id));
    }
    switch (answer.kind) {
      case "result":
        return passResult(method, rewriteResult(server.name, answer.result), client.era);
      case "error":
        return passError(answer.error, client.era);
      case "refused":
        logger.warn("upstream_refused", { server_id: server.id, request_id: requestId });
        return credential === null
          ? errorOf(INTERNAL_ERROR, refusedForAllText(server.name))
          : afterRefusal(exchange, access, { ...headers, credential });
      case "failed":
        logger.warn("upstream_failed", { server_id: server.id, request_id: requestId, code: answer.code });
        return failure(answer.code, failedText(server.name, answer.code));
    }
  }

  async function afterRefusal(
    exchange: Exchange,
    access: Routed["access"],
    headers: Parameters<CallParts["rejections"]["judge"]>[1],
  ): Promise<RpcAnswer> {
    const { requestId, address } = exchange;
    const { name } = access.server;
    switch (await parts.rejections.judge(access.server, headers, { requestId, address })) {
      case "rejected":
        return ask(exchange, access, "rejected");
      case "call_refused":
        return errorOf(INTERNAL_ERROR, callRefusedText(name));
      case "unknown":
        return errorOf(INTERNAL_ERROR, refusalUnconfirmedText(name));
    }
  }

  async function ask(
    { caller, client, requestId, address }: Exchange,
    { server }: Routed["access"],
    reason: AuthRequiredReason,
  ): Promise<RpcAnswer> {
    if (method === "completion/complete") {
      // Asked for with every key that is typed: that is no moment for a link.
      return resultOf({ completion: { values: [] } });
    }
    try {
      const required = await parts.issuer.issue({
        identity: caller.identity,
        server,
        reason,
        requestedBy: parseRequestedBy({ clientName: client.name, clientVersion: client.version, address }),
        origin: { requestId, address },
      });
      return authRequiredError(required, server);
    } catch (error) {
      if (isKeywardError(error, "access_denied")) {
        return UNKNOWN[method](client.era);
      }
      if (isKeywardError(error, "rate_limited")) {
        return failure(error.code, error.message);
      }
      throw error;
    }
  }

  return async (exchange, params) => {
    const { identity } = exchange.caller;
    const target = await routing.locate(identity, method, params);
    switch (target.kind) {
      case "unknown":
        return UNKNOWN[method](exchange.client.era);
      case "invalid":
        return errorOf(INVALID_PARAMS, target.why);
      case "unavailable":
        return unavailable(target.code);
      case "routed":
        break;
    }
    exchange.sawServer(target.access.server.id);
    const resolution = await resolver.resolve(identity, target.access.server);
    switch (resolution.kind) {
      case "ready":
        return forward(exchange, target, resolution.headers);
      case "auth_required":
        return ask(exchange, target.access, resolution.reason);
      case "unavailable":
        return unavailable(resolution.code);
    }
  };
}

const UNKNOWN: Readonly<Record<RequestMethod, (era: ProtocolEra) => RpcAnswer>> = {
  "prompts/get": () => errorOf(INVALID_PARAMS, "Unknown prompt"),
  "resources/read": (era) => errorOf(era === "modern" ? INVALID_PARAMS : RESOURCE_NOT_FOUND, "Resource not found"),
  "completion/complete": () => errorOf(INVALID_PARAMS, "Unknown prompt or resource template"),
};

function failure(code: ErrorCode, message: string): RpcAnswer {
  return errorOf(INTERNAL_ERROR, message, { code, retryable: ERROR_TABLE[code].retryable });
}

function passResult(method: RequestMethod, result: JsonObject, era: ProtocolEra): RpcAnswer {
  if ((result["resultType"] ?? "complete") !== "complete") {
    return errorOf(INTERNAL_ERROR, CANNOT_BE_PASSED_ON);
  }
  if (method !== "resources/read") {
    return resultOf(result);
  }
  const { ttlMs, cacheScope: _, ...rest } = result;
  // What was read with one person's key is that person's, whatever the server says.
  const cache = { ttlMs: typeof ttlMs === "number" && ttlMs >= 0 ? ttlMs : 0, cacheScope: "private" };
  return resultOf(era === "modern" ? { ...rest, ...cache } : rest);
}
