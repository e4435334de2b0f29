import type { OpenAPIHono, RouteHandler } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./context.ts";
import type { Access, ApiRoute } from "./contract/route.ts";
import { requireJsonBody } from "./json-body.ts";

/** Puts a handler behind the guard that its route names. The only way for an API route into the app. */
export type Mount = <R extends ApiRoute>(route: R, handler: RouteHandler<R, HttpEnv>) => void;

export function createMount(
  app: OpenAPIHono<HttpEnv>,
  guards: Readonly<Record<Access, MiddlewareHandler<HttpEnv>>>,
): Mount {
  return (route, handler) => {
    app.on(route.method, route.getRoutingPath(), guards[route.access], requireJsonBody);
    app.openapi(route, handler);
  };
}
