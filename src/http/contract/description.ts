import { OpenAPIHono } from "@hono/zod-openapi";
import { addExamples, type Described } from "./add-examples.ts";
import { adminTokenRoutes } from "./admin-token-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { credentialRoutes } from "./credential-routes.ts";
import { flowRoutes } from "./flow-routes.ts";
import { grantRoutes } from "./grant-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import type { ApiRoute } from "./route.ts";
import { serverRoutes } from "./server-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { settingsRoutes } from "./settings-routes.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import { systemRoutes } from "./system-routes.ts";
import { userRoutes } from "./user-routes.ts";
import { virtualKeyRoutes } from "./virtual-key-routes.ts";

/** An OpenAPI 3.1 document. */
export type ApiDescription = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

const { setup, me, updateMe, ...operation } = systemRoutes;

/** In the order in which a reader needs them. */
const ROUTES: readonly ApiRoute[] = [
  { setup, me, updateMe },
  signInRoutes,
  sessionRoutes,
  flowRoutes,
  credentialRoutes,
  serverRoutes,
  grantRoutes,
  virtualKeyRoutes,
  userRoutes,
  groupRoutes,
  auditRoutes,
  adminTokenRoutes,
  settingsRoutes,
  operation,
].flatMap((routes) => Object.values<ApiRoute>(routes));

const ABOUT = `Times are integers: milliseconds since the epoch, UTC. Lists are \`{ "items": [...], "next_cursor": null }\`.
Unknown keys in a body or query are refused. Present exactly one credential. No answer ever holds a stored header value.`;

/** @param publicUrl base of every path */
export function describeApi(about: { readonly version: string; readonly publicUrl: string }): ApiDescription {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  for (const route of ROUTES) {
    registry.registerPath(route);
  }
  registry.registerComponent("securitySchemes", "admin", {
    type: "http",
    scheme: "bearer",
    description: "An admin token, `kwa_...`, or the configured one.",
  });
  registry.registerComponent("securitySchemes", "virtualKey", {
    type: "http",
    scheme: "bearer",
    description: "A virtual key, `kw_...`.",
  });
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "header",
    name: "Keyward-Session",
    description: "A session value, where session identities are on.",
  });
  registry.registerComponent("securitySchemes", "cookie", {
    type: "apiKey",
    in: "cookie",
    name: about.publicUrl.startsWith("https:") ? "__Host-keyward" : "keyward",
    description: "The session of somebody who is signed in. It counts only where no other credential is presented.",
  });
  registry.registerComponent("securitySchemes", "csrf", {
    type: "apiKey",
    in: "header",
    name: "Keyward-CSRF",
    description:
      "`csrf_token` of `GET /api/v1/me` or of the sign-in. Goes with the cookie in whatever changes something, and only from a page of this gateway (`Sec-Fetch-Site: same-origin`, or its `Origin`).",
  });
  registry.registerComponent("securitySchemes", "tempToken", {
    type: "http",
    scheme: "Keyward-Temp-Token",
    description: "The token after `#t=` of a link, where such links are on. It opens that one flow.",
  });
  const description = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Keyward", version: about.version, description: ABOUT },
    servers: [{ url: about.publicUrl }],
  });
  // To the compiler a document may refer at every place; this one does not.
  addExamples(description as unknown as Described);
  return description;
}
