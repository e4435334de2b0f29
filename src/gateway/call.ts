import type { AuthRequiredIssuer } from "../core/auth-required.ts";
import type { Caller } from "../core/callers.ts";
import { isKeywardError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CallHeaders, Logger, Upstream, UpstreamFailureCode } from "../core/ports.ts";
import type { Rejections } from "../core/rejection.ts";
import { parseRequestedBy } from "../core/requested-by.ts";
import type { AuthRequiredReason, Resolver } from "../core/resolver.ts";
import type { Access, Store } from "../core/store-port.ts";
import { authRequiredResult } from "./auth-required/text-result.ts";
import { findTool, type Scope, splitExposedName } from "./catalog.ts";
import { errorOf, INVALID_PARAMS, resultOf, type RpcAnswer } from "./jsonrpc.ts";
import { type Client, RESERVED_META } from "./negotiate.ts";
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
  readonly store: Pick<Store, "findAccess" | "touchCredential">;
  readonly resolver: Resolver;
  readonly issuer: AuthRequiredIssuer;
  readonly upstream: Pick<Upstream, "request">;
  readonly rejections: Rejections;
  readonly logger: Logger;
}

interface Target {
  readonly access: Access;
  /** The name that the server knows. */
  readonly toolName: string;
  readonly definition: JsonObject | undefined;
}

interface CallRequest {
  readonly name: string;
  readonly args: JsonObject | undefined;
  readonly meta: JsonObject;
}

// One answer for a tool that does not exist, a server that does not, and one that the caller may not use.
const UNKNOWN_TOOL = errorOf(INVALID_PARAMS, "Unknown tool");

// Says nothing of addresses, names or times: that would make the gateway an eye into its network.
const FAILURE: Readonly<Record<UpstreamFailureCode, string>> = {
  upstream_unreachable: "could not be reached, or did not answer in time. Try again later.",
  upstream_redirected:
    "answered with a redirect, which is never followed. Its administrator has to correct its address.",
  upstream_not_allowed: "has an address that may not be dialled. Its administrator has to allow it.",
  upstream_protocol: "gave an answer that is not MCP. Try again later.",
  upstream_url_invalid: "has an address that is not valid. Its administrator has to correct it.",
};

const CALL_REFUSED =
  "accepts the key on file, but refused this call with it. The key may lack a permission that this tool needs.";
const REFUSAL_UNCONFIRMED =
  "refused this call, and could not be asked whether it still accepts the key. Try again later.";

/** @returns answers `tools/call`; it throws KeywardError when the store cannot be asked */
export function createToolCall(parts: CallParts): (exchange: Exchange, params: JsonObject) => Promise<RpcAnswer> {
  const { store, resolver, issuer, upstream, rejections, logger } = parts;

  async function locate({ scope, caller, sawServer }: Exchange, name: string): Promise<Target | null> {
    const { serverName, toolName } = splitName(scope, name);
    const access = scope.kind === "one" ? scope.access : await findAccess(caller, serverName);
    const definition = access === null ? null : findTool(access, toolName);
    if (access === null || definition === null) {
      return null;
    }
    sawServer(access.server.id);
    return { access, toolName, definition };
  }

  async function findAccess({ identity }: Caller, serverName: string): Promise<Access | null> {
    return serverName === "" ? null : store.findAccess(identity, serverName);
  }

  async function forward(
    exchange: Exchange,
    target: Target,
    request: CallRequest,
    headers: CallHeaders,
  ): Promise<RpcAnswer> {
    const { server } = target.access;
    const answer = await upstream.request(
      server,
      headers,
      { method: "tools/call", params: upstreamParams(target.toolName, request) },
      { signal: exchange.signal },
    );
    const { credential } = headers;
    if (credential !== null) {
      exchange.afterwards(() => store.touchCredential(credential.id));
    }
    switch (answer.kind) {
      case "result":
        return resultOf(passToolResult(answer.result, exchange.client.era, target.definition));
      case "error":
        return passError(answer.error, exchange.client.era);
      case "refused":
        logger.warn("upstream_refused", { server_id: server.id, request_id: exchange.requestId });
        return credential === null
          ? resultOf(toolFailure(refusedForAll(server.name)))
          : afterRefusal(exchange, target, { ...headers, credential });
      case "failed":
        logger.warn("upstream_failed", { server_id: server.id, request_id: exchange.requestId, code: answer.code });
        return resultOf(toolFailure(`The server ${server.name} ${FAILURE[answer.code]}`));
    }
  }

  async function afterRefusal(
    exchange: Exchange,
    target: Target,
    headers: Parameters<Rejections["judge"]>[1],
  ): Promise<RpcAnswer> {
    const { server } = target.access;
    const { requestId, address } = exchange;
    switch (await rejections.judge(server, headers, { requestId, address })) {
      case "rejected":
        return ask(exchange, target, "rejected");
      case "call_refused":
        return resultOf(toolFailure(`The server ${server.name} ${CALL_REFUSED}`));
      case "unknown":
        return resultOf(toolFailure(`The server ${server.name} ${REFUSAL_UNCONFIRMED}`));
    }
  }

  async function ask(
    exchange: Exchange,
    { access, definition }: Target,
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
    const request = parseCallRequest(params);
    if (request === null) {
      return errorOf(INVALID_PARAMS, "name is a string, and arguments, if there are any, are an object.");
    }
    const target = await locate(exchange, request.name);
    if (target === null) {
      return UNKNOWN_TOOL;
    }
    const resolution = await resolver.resolve(exchange.caller.identity, target.access.server);
    switch (resolution.kind) {
      case "ready":
        return forward(exchange, target, request, resolution.headers);
      case "auth_required":
        return ask(exchange, target, resolution.reason);
      case "unavailable":
        return unavailable(resolution.code);
    }
  };
}

function splitName(scope: Scope, name: string): { readonly serverName: string; readonly toolName: string } {
  if (scope.kind === "one") {
    return { serverName: scope.access.server.name, toolName: name };
  }
  return splitExposedName(name) ?? { serverName: "", toolName: "" };
}

function parseCallRequest({ name, arguments: args, _meta }: JsonObject): CallRequest | null {
  if (typeof name !== "string" || (args !== undefined && !isJsonObject(args))) {
    return null;
  }
  return { name, args, meta: isJsonObject(_meta) ? _meta : {} };
}

/**
 * Built anew from what a tool call is made of: nothing else that the client sent, and no header of its request, goes on
 * (CVE-2026-110279). Of `_meta` goes what does not belong to the client's own connection.
 */
function upstreamParams(name: string, { args, meta }: CallRequest): JsonObject {
  const passedOn = Object.entries(meta).filter(([key]) => !key.startsWith(RESERVED_META) && key !== "progressToken");
  return {
    name,
    ...(args === undefined ? {} : { arguments: args }),
    ...(passedOn.length === 0 ? {} : { _meta: Object.fromEntries(passedOn) }),
  };
}

function refusedForAll(serverName: string): string {
  return `The server ${serverName} refused the access that its administrator has set up for everyone. Tell the administrator.`;
}
