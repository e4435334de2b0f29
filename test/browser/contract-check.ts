import { isDeepStrictEqual } from "node:util";
import { z } from "@hono/zod-openapi";
import { adminTokenRoutes } from "../../src/http/contract/admin-token-routes.ts";
import { auditRoutes } from "../../src/http/contract/audit-routes.ts";
import { credentialRoutes } from "../../src/http/contract/credential-routes.ts";
import { grantRoutes } from "../../src/http/contract/grant-routes.ts";
import { groupRoutes } from "../../src/http/contract/group-routes.ts";
import type { ApiRoute } from "../../src/http/contract/route.ts";
import { serverRoutes } from "../../src/http/contract/server-routes.ts";
import { settingsRoutes } from "../../src/http/contract/settings-routes.ts";
import { userRoutes } from "../../src/http/contract/user-routes.ts";
import { virtualKeyRoutes } from "../../src/http/contract/virtual-key-routes.ts";
import type { ApiAnswer, ApiRequest } from "./stub-dashboard.ts";

const ROUTES: readonly ApiRoute[] = [
  adminTokenRoutes,
  auditRoutes,
  credentialRoutes,
  grantRoutes,
  groupRoutes,
  serverRoutes,
  settingsRoutes,
  userRoutes,
  virtualKeyRoutes,
].flatMap((routes) => Object.values<ApiRoute>(routes));

interface Known {
  readonly route: ApiRoute;
  readonly pattern: RegExp;
}

const KNOWN: readonly Known[] = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.method.toUpperCase()} ${route.path.replace(/\{[^}]+\}/g, "[^/]+")}$`),
}));

/** What other parts of the API are about to say more of. */
const LATER = /^GET \/api\/v1\/(?:audit|credentials)/;

function routeOf(call: string): ApiRoute | undefined {
  if (LATER.test(call)) return undefined;
  return KNOWN.find(({ pattern }) => pattern.test(call))?.route;
}

function schemaOf(content: unknown): z.ZodType | undefined {
  const schema = (content as { "application/json"?: { schema?: unknown } } | undefined)?.["application/json"]?.schema;
  return schema instanceof z.ZodType ? schema : undefined;
}

/** @returns what the gateway would refuse of this request; null = nothing */
export function breachOfRequest(request: ApiRequest): string | null {
  const route = routeOf(request.call);
  if (route === undefined) return null;
  const { query, body } = route.request ?? {};
  const found = [
    query instanceof z.ZodType ? query.safeParse(Object.fromEntries(request.query)) : null,
    body === undefined || request.body === null ? null : schemaOf(body.content)?.safeParse(request.body),
  ].find((result) => result?.success === false);
  return found?.error === undefined ? null : `${request.call}: ${z.prettifyError(found.error)}`;
}

/** @returns how this answer differs from what the API is described to answer; null = not at all */
export function breachOfAnswer(request: ApiRequest, answer: ApiAnswer): string | null {
  const route = routeOf(request.call);
  if (route === undefined || answer.status >= 400) return null;
  const described = (route.responses as Readonly<Record<string, { content?: unknown } | undefined>>)[answer.status];
  if (described === undefined) return `${request.call} never answers ${answer.status}`;
  const schema = schemaOf(described.content);
  if (schema === undefined) return answer.body === undefined ? null : `${request.call} answers without a body`;
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) return `${request.call}: ${z.prettifyError(parsed.error)}`;
  // Keys that are not described are left out by the schema.
  return isDeepStrictEqual(parsed.data, JSON.parse(JSON.stringify(answer.body)))
    ? null
    : `${request.call} answers keys that are not described`;
}
