import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthRequiredIssuer } from "../core/auth-required.ts";
import type { Caller, Callers } from "../core/callers.ts";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Clock, Logger, Upstream } from "../core/ports.ts";
import type { Rejections } from "../core/rejection.ts";
import type { Resolver } from "../core/resolver.ts";
import type { AuditStore, Store } from "../core/store-port.ts";
import type { ListChanges } from "./all/list-changes.ts";
import { createAdmission } from "./admission.ts";
import { readJson } from "./body.ts";
import type { Exchange } from "./call.ts";
import type { Scope } from "./catalog.ts";
import {
  errorOf,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  parseMessage,
  type RpcNotification,
  type RpcRequest,
} from "./jsonrpc.ts";
import { createMethods } from "./methods.ts";
import { type Client, negotiate } from "./negotiate.ts";
import { ACCEPTED, answer, type HttpAnswer, refusal, send } from "./respond.ts";
import { dressAnswer, unavailable } from "./result.ts";
import type { Route } from "./route.ts";

export interface GatewayParts {
  readonly callers: Callers;
  readonly store: Pick<Store, "findAccess" | "listAccess" | "touchCredential" | "touchVirtualKey"> & AuditStore;
  readonly resolver: Resolver;
  readonly issuer: AuthRequiredIssuer;
  readonly upstream: Pick<Upstream, "request" | "list">;
  readonly listChanges: ListChanges;
  readonly rejections: Rejections;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keyward's own, told to clients. */
  readonly version: string;
}

/** What the listener knows about a request. */
interface GatewayContext {
  readonly requestId: string;
  /** Client address, as the socket or a trusted proxy says. */
  readonly address: string | null;
}

/** Answers one request to `/mcp` or `/mcp/<server>`. Never rejects. Host and Origin have been judged before. */
export type Gateway = (request: IncomingMessage, response: ServerResponse, context: GatewayContext) => Promise<void>;

type Task = () => Promise<void>;

/** One request on its way through. */
interface Visit extends GatewayContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What is done once the answer is out. */
  readonly afterwards: Task[];
  /** For the access log: what has been found out of the request so far. */
  readonly seen: { by: string | null; server: string | null; method: string | null };
}

/**
 * The MCP endpoint towards the clients: stateless, one JSON answer per POST, both eras on one path. Each request stands
 * alone: nothing that one client sent is kept for another (CVE-2026-25536, CVE-2026-16326).
 */
export function createGateway(parts: GatewayParts): Gateway {
  const { store, logger } = parts;
  const serverInfo = { name: "keyward", version: parts.version };
  const admit = createAdmission(parts);
  const methods = createMethods(parts, serverInfo);

  async function openScope(route: Route, { identity }: Caller): Promise<Scope> {
    if (route.kind === "all") {
      return { kind: "all" };
    }
    const access = await store.findAccess(identity, route.serverName);
    if (access === null) {
      throw new KeywardError("server_not_found");
    }
    return { kind: "one", access };
  }

  async function call(message: RpcRequest, exchange: Exchange): Promise<HttpAnswer> {
    const { era } = exchange.client;
    const method = methods[exchange.scope.kind][era].get(message.method);
    if (method === undefined) {
      return answer(message.id, era === "modern" ? 404 : 200, errorOf(METHOD_NOT_FOUND, "Method not found"));
    }
    return answer(message.id, 200, dressAnswer(await method(exchange, message.params), era, serverInfo));
  }

  async function dispatch(
    visit: Visit,
    message: RpcRequest | RpcNotification,
    caller: Caller,
    client: Client,
    route: Route,
  ): Promise<HttpAnswer> {
    const { requestId, address, afterwards } = visit;
    const signal = client.era === "modern" ? abortedByDisconnect(visit.response) : new AbortController().signal;
    // A method that is not served is foreign text.
    visit.seen.method = methods[route.kind][client.era].has(message.method) ? message.method : null;
    try {
      const scope = await openScope(route, caller);
      visit.seen.server = scope.kind === "one" ? scope.access.server.id : null;
      if (message.kind === "notification") {
        return ACCEPTED;
      }
      const later = (task: Task): void => void afterwards.push(task);
      const sawServer = (id: string): void => void (visit.seen.server = id);
      return await call(message, { caller, client, scope, requestId, address, signal, sawServer, afterwards: later });
    } catch (error) {
      if (signal.aborted) {
        // Nobody is there to read it.
        return ACCEPTED;
      }
      const known = asKnown(error, logger, requestId);
      const id = idOf(message);
      // In band from here on: official clients show a JSON-RPC error, and hide it behind any status but 200.
      const isInBand = id !== null && known.code !== "server_not_found";
      return isInBand ? answer(id, 200, unavailable(known.code)) : refusal(known, id);
    }
  }

  async function serve(visit: Visit): Promise<HttpAnswer> {
    try {
      const { caller, route } = await admit(visit.request);
      const { virtualKey } = caller;
      visit.seen.by = identityKey(caller.identity);
      if (virtualKey !== null) {
        visit.afterwards.push(() => store.touchVirtualKey(virtualKey.id));
      }
      const message = parseMessage(await readJson(visit.request));
      if (message.kind === "invalid") {
        return answer(null, 400, errorOf(INVALID_REQUEST, message.why));
      }
      if (message.kind === "response") {
        return ACCEPTED;
      }
      const negotiated = negotiate(message, visit.request.headers);
      return negotiated.kind === "served"
        ? await dispatch(visit, message, caller, negotiated.client, route)
        : answer(idOf(message), 400, { kind: "error", error: negotiated.error });
    } catch (error) {
      return refusal(asKnown(error, logger, visit.requestId), null);
    }
  }

  return async (request, response, context) => {
    const start = parts.clock.now();
    const seen = { by: null, server: null, method: null };
    const visit: Visit = { ...context, request, response, afterwards: [], seen };
    const answered = await serve(visit);
    send(response, answered, context.requestId);
    logger.info("mcp_request", {
      request_id: context.requestId,
      method: visit.seen.method,
      server_id: visit.seen.server,
      status: answered.status,
      ms: parts.clock.now() - start,
      by: visit.seen.by,
    });
    visit.afterwards.forEach((task) => runQuietly(task, logger, context.requestId));
  };
}

function idOf(message: RpcRequest | RpcNotification): RpcRequest["id"] | null {
  return message.kind === "request" ? message.id : null;
}

function asKnown(error: unknown, logger: Logger, requestId: string): KeywardError {
  const known = isKeywardError(error) ? error : new KeywardError("internal", { cause: error });
  if (known.status >= 500) {
    // The text of what was thrown may quote a value or the upstream: its name is all that is kept.
    const name = error instanceof Error ? error.name : "unknown";
    logger.error("mcp_request_failed", { request_id: requestId, code: known.code, error: name });
  }
  return known;
}

function runQuietly(task: Task, logger: Logger, requestId: string): void {
  Promise.try(task).catch((error: unknown) => {
    logger.warn("touch_failed", { request_id: requestId, code: isKeywardError(error) ? error.code : "internal" });
  });
}

/** 2026-07-28: going away cancels the request. Before, only `notifications/cancelled` did. */
function abortedByDisconnect(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // It may have gone while the body was parsed: then there is no event any more.
  if (response.destroyed) controller.abort();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
