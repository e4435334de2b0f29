import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { KeywardError } from "../core/errors.ts";
import { identityKey } from "../core/identity.ts";
import type { Clock, Logger } from "../core/ports.ts";
import { identityOfUser } from "../core/user.ts";
import type { HttpContext, HttpEnv } from "./context.ts";
import { responseHeaders } from "./page-headers.ts";

/* What every request passes before it is routed to a handler. */

const API = "/api/";
const PAGES = /^\/(?:connect|assets)\//;
const QUIET = new Set(["/healthz", "/readyz"]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** One line per request: method, route template, status. No path, query or header: any of them may hold a secret. */
export function accessLog(logger: Logger, clock: Pick<Clock, "now">): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const start = clock.now();
    await next();
    const level = QUIET.has(c.req.path) ? "debug" : "info";
    logger[level]("http_request", {
      request_id: c.env.requestId,
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      ms: clock.now() - start,
      by: principalName(c),
    });
  };
}

function principalName(c: HttpContext): string | null {
  const principal = c.get("principal");
  switch (principal?.kind) {
    case undefined:
      return null;
    case "admin":
      return `admin:${principal.admin.id}`;
    case "caller":
      return identityKey(principal.caller.identity);
    case "user":
      return identityKey(identityOfUser(principal.user));
  }
}

export function setResponseHeaders(publicUrl: string): MiddlewareHandler<HttpEnv> {
  const tables = responseHeaders(publicUrl);
  return async (c, next) => {
    await next();
    c.header("X-Request-Id", c.env.requestId);
    const table = PAGES.test(c.req.path) ? tables.page : tables.api;
    for (const [name, value] of Object.entries(table)) {
      // Some answers know better: the dashboard's policy has a nonce, and its files may be kept.
      if (!c.res.headers.has(name)) c.header(name, value);
    }
  };
}

/**
 * Routes and scopes are decided on the path as it came over the wire (A46). No path of this app needs an escape or a dot
 * segment, so a path that reads differently once decoded is no path of this app.
 */
export const requireRawPath: MiddlewareHandler<HttpEnv> = (c, next) => {
  if (c.env.rawPath !== c.req.path) {
    throw new KeywardError("not_found");
  }
  return next();
};

/**
 * Nothing of another site calls the API. Its credentials are headers, which a form or an image cannot send; this holds
 * when a browser is made to send them after all (A17, A45). That the host is one of ours is the listener's to say.
 */
export function refuseOtherSites(publicUrl: string): MiddlewareHandler<HttpEnv> {
  const publicOrigin = new URL(publicUrl).origin;
  return (c, next) => {
    const origin = c.req.header("origin");
    const isOwn = origin === undefined || origin === publicOrigin || hostOf(origin) === c.req.header("host");
    const site = c.req.header("sec-fetch-site") ?? "same-origin";
    if (!isOwn || (site !== "same-origin" && !SAFE_METHODS.has(c.req.method))) {
      throw new KeywardError("foreign_origin");
    }
    return next();
  };
}

/** null for what is no origin, such as the `null` of a sandboxed frame. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

/** Asking for the head of an API answer would run its handler, and with it what a wrong proof costs (A08). */
export const refuseHead: MiddlewareHandler<HttpEnv> = (c, next) =>
  c.req.method === "HEAD" && c.req.path.startsWith(API) ? Promise.resolve(c.notFound()) : next();
