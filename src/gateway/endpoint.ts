import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthRequiredIssuer } from "../core/auth-required.ts";
import type { Caller, Callers } from "../core/callers.ts";
import type { ClientConnections } from "../core/client-connections.ts";
import type { Completions } from "../core/completions.ts";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import { type Identity, identityKey } from "../core/identity.ts";
import type { Clock, Logger, Random, Upstream, Vault } from "../core/ports.ts";
import type { Rejections } from "../core/rejection.ts";
import type { Resolver } from "../core/resolver.ts";
import type { Store } from "../core/store-port.ts";
import { createAdmission } from "./admission.ts";
import { createChangeWatch } from "./all/change-watch.ts";
import type { ListChanges } from "./all/list-changes.ts";
import { readJson } from "./body.ts";
import { createChallenge } from "./challenge.ts";
import {
  errorOf,
  INVALID_REQUEST,
  parseMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
  SESSION_NOT_FOUND,
} from "./jsonrpc.ts";
import { asKnown } from "./known-error.ts";
import { createMethods } from "./methods.ts";
import { negotiate } from "./negotiate.ts";
import { createNotices } from "./notices.ts";
import { createRequests } from "./requests.ts";
import { answer, ENDED, type HttpAnswer, refusal, send } from "./respond.ts";
import { unavailable } from "./result.ts";
import type { Route } from "./route.ts";
import type { SessionFacts } from "./session/session-id.ts";
import { createSessions } from "./session/sessions.ts";
import { createStreams, type StreamCounts } from "./stream/streams.ts";
import type { CallOutcome, CallSeen, GatewayContext, Seen, Visit } from "./visit.ts";
import type { Scope } from "./exchange.ts";

export interface GatewayParts {
  readonly callers: Callers;
  readonly store: Pick<
    Store,
    | "findAccess"
    | "listAccess"
    | "touchCredential"
    | "noteTold"
    | "touchVirtualKey"
    | "touchApp"
    | "listAudit"
    | "appendAudit"
  >;
  readonly resolver: Resolver;
  readonly issuer: AuthRequiredIssuer;
  readonly upstream: Pick<Upstream, "list" | "greet" | "exchange" | "listen" | "endSession">;
  readonly rejections: Rejections;
  readonly completions: Completions;
  readonly listChanges: ListChanges;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Base of every link. Never derived from a request. */
  readonly publicUrl: string;
  /** Keyward's own, told to clients. */
  readonly version: string;
  /** Where clients that have no credential find out how to get one by OAuth; absent or null = OAuth is off. */
  readonly oauthUrl?: string | null;
  /** Told of every request once it has been answered. Must not throw. */
  readonly onCall?: (call: CallSeen, ms: number) => void;
}

/** What a process holds towards the clients. */
export interface GatewayLoad {
  readonly sessions: number;
  readonly streams: StreamCounts;
}

export interface Gateway extends ClientConnections {
  /** Answers one request to `/mcp` or `/mcp/<server>`. Never rejects. Host and Origin have been judged before. */
  handle(request: IncomingMessage, response: ServerResponse, context: GatewayContext): Promise<void>;
  load(): GatewayLoad;
  /** Ends the streams that clients hold open, and what waits for a form; requests under way go on. */
  close(): void;
}

/**
 * The MCP endpoint towards the clients, both eras on one path. What one client sent is kept for that client alone: nothing
 * is shared between identities (CVE-2026-25536, CVE-2026-16326).
 */
export function createGateway(parts: GatewayParts): Gateway {
  const { store, logger, completions, listChanges } = parts;
  const admit = createAdmission(parts);
  const challenge = createChallenge(parts.oauthUrl ?? null);
  const sessions = createSessions(parts);
  const changeWatch = createChangeWatch({
    ...parts,
    onChange(identity, serverId, lists) {
      methods.expire(identity, serverId);
      listChanges.changed({ serverId, identity }, lists);
    },
  });
  const watch = (identity: Identity): (() => void) => changeWatch.watch(identity);
  const streams = createStreams({ ...parts, watch, sessions: sessions.live });
  const serverInfo = { name: "keyward", version: parts.version };
  const closing = new AbortController();
  const methods = createMethods({ ...parts, watch, sessions, streams, closing: closing.signal, serverInfo });
  const serveRequest = createRequests({ methods, sessions, streams, logger, serverInfo });
  const notices = createNotices({ ...parts, sessions });
  completions.subscribe(({ serverId, identity }) => listChanges.changed({ serverId, identity }));

  /** @throws KeywardError `server_not_found`, `credential_store_unavailable` */
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

  /** @returns null when the request names none; a session belongs to one identity and one endpoint */
  function sessionOf(visit: Visit, { identity }: Caller, scope: Scope): SessionFacts | null | "unknown" {
    const header = visit.request.headers["mcp-session-id"];
    if (header === undefined) {
      return null;
    }
    return (typeof header === "string" ? sessions.find(identity, scopeKey(scope), header) : null) ?? "unknown";
  }

  async function post(visit: Visit, caller: Caller, route: Route): Promise<HttpAnswer | null> {
    const message = parseMessage(await readJson(visit.request));
    if (message.kind === "invalid") {
      return answer(null, 400, errorOf(INVALID_REQUEST, message.why));
    }
    const id = message.kind === "request" ? message.id : null;
    try {
      return await take(visit, caller, route, message);
    } catch (error) {
      const known = asKnown(error, logger, visit.requestId);
      // In band from here on: official clients show a JSON-RPC error, and hide it behind any status but 200.
      visit.seen.outcome ??= known.status >= 500 ? "unavailable" : null;
      const isInBand = id !== null && known.code !== "server_not_found";
      return isInBand ? answer(id, 200, unavailable(known.code)) : refusal(known, id);
    }
  }

  async function take(
    visit: Visit,
    caller: Caller,
    route: Route,
    message: RpcRequest | RpcNotification | RpcResponse,
  ): Promise<HttpAnswer | null> {
    const id = message.kind === "request" ? message.id : null;
    const scope = await openScope(route, caller);
    visit.seen.server = scope.kind === "one" ? scope.access.server : null;
    const begins = message.kind !== "response" && message.method === "initialize";
    const found = begins ? null : sessionOf(visit, caller, scope);
    const session = found === "unknown" ? null : found;
    if (message.kind === "response") {
      return found === "unknown" ? noSession(null) : notices.take({ visit, caller, scope, session }, message, null);
    }
    const negotiated = negotiate(message, visit.request.headers, session);
    if (negotiated.kind === "refused") {
      return answer(id, 400, { kind: "error", error: negotiated.error });
    }
    const { client } = negotiated;
    if (found === "unknown" && client.era === "legacy") {
      return noSession(id);
    }
    const from = { visit, caller, scope, session: client.era === "legacy" ? session : null };
    return message.kind === "notification"
      ? notices.take(from, message, client)
      : serveRequest({ ...from, client, scopeKey: scopeKey(scope) }, message);
  }

  /** @throws KeywardError `server_not_found`; `method_not_allowed` outside a session, where there is nothing to do */
  async function sessionFor(visit: Visit, caller: Caller, route: Route) {
    const scope = await openScope(route, caller);
    const session = sessionOf(visit, caller, scope);
    if (session === null) {
      throw new KeywardError("method_not_allowed");
    }
    return { scope, session };
  }

  async function listen(visit: Visit, caller: Caller, route: Route): Promise<HttpAnswer | null> {
    const { scope, session } = await sessionFor(visit, caller, route);
    if (session === "unknown") {
      return noSession(null);
    }
    const { request, response, requestId } = visit;
    const lastEventId = request.headers["last-event-id"];
    const isOpen = streams.listen({
      caller,
      session,
      scope,
      lastEventId: typeof lastEventId === "string" ? lastEventId : null,
      response,
      requestId,
    });
    if (!isOpen) {
      throw new KeywardError("rate_limited", { message: "Too many streams are open." });
    }
    return null;
  }

  async function end(visit: Visit, caller: Caller, route: Route): Promise<HttpAnswer> {
    const { scope, session } = await sessionFor(visit, caller, route);
    if (session === "unknown") {
      return noSession(null);
    }
    sessions.live.end(session.id);
    await notices.ended({ visit, caller, scope, session });
    return ENDED;
  }

  const BY_METHOD: Readonly<Record<string, typeof post>> = { GET: listen, DELETE: end };

  async function serve(visit: Visit): Promise<HttpAnswer | null> {
    try {
      const { caller, route } = await admit(visit.request);
      const { virtualKey, app } = caller;
      visit.seen.by = identityKey(caller.identity);
      if (virtualKey !== null) {
        visit.afterwards.push(() => store.touchVirtualKey(virtualKey.id));
      }
      if (app !== null) {
        visit.afterwards.push(() => store.touchApp(app.id));
      }
      const serveMethod = BY_METHOD[visit.request.method ?? ""] ?? post;
      return await serveMethod(visit, caller, route);
    } catch (error) {
      const known = asKnown(error, logger, visit.requestId);
      return challenge(refusal(known, null), known, visit.request.url ?? "");
    }
  }

  return {
    async handle(request, response, context) {
      const start = parts.clock.now();
      const seen: Seen = { by: null, server: null, method: null, status: 200, outcome: null };
      const visit: Visit = { ...context, request, response, afterwards: [], seen };
      const answered = await serve(visit);
      if (answered !== null) {
        visit.seen.status = answered.status;
        send(response, answered, context.requestId);
      }
      logger.info("mcp_request", {
        request_id: context.requestId,
        method: visit.seen.method,
        server_id: visit.seen.server?.id ?? null,
        status: visit.seen.status,
        ms: parts.clock.now() - start,
        by: visit.seen.by,
      });
      const { server, method, status, outcome } = seen;
      const call = { server, method, status, httpMethod: request.method ?? "", outcome: outcome ?? outcomeOf(status) };
      parts.onCall?.(call, parts.clock.now() - start);
      visit.afterwards.forEach((task) => runQuietly(task, logger, context.requestId));
    },
    load: () => ({ sessions: sessions.live.size, streams: streams.count() }),
    endOf: (identity) => streams.endOf(identity),
    review: () => streams.review(),
    close() {
      closing.abort();
      streams.close();
    },
  };
}

function outcomeOf(status: number): CallOutcome {
  return status < 400 ? "ok" : (REFUSALS.get(status) ?? "refused");
}

const REFUSALS: ReadonlyMap<number, CallOutcome> = new Map([
  [401, "unauthenticated"],
  [429, "rate_limited"],
  [503, "unavailable"],
]);

/** What a session id is bound to besides its identity. */
function scopeKey(scope: Scope): string {
  return scope.kind === "all" ? "/mcp" : scope.access.server.id;
}

/** The specification's answer to an id that is not known: the client begins a new session. */
function noSession(id: string | number | null): HttpAnswer {
  return answer(id, 404, errorOf(SESSION_NOT_FOUND, "Session not found"));
}

function runQuietly(task: () => Promise<void>, logger: Logger, requestId: string): void {
  Promise.try(task).catch((error: unknown) => {
    logger.warn("touch_failed", { request_id: requestId, code: isKeywardError(error) ? error.code : "internal" });
  });
}
