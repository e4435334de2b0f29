import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { AccessControl } from "../core/access.ts";
import type { Admins } from "../core/admins.ts";
import type { Callers } from "../core/callers.ts";
import type { LinkIssuer } from "../core/link-issuer.ts";
import type { KeyIssuer } from "../core/key-issuer.ts";
import type { Openers } from "../core/opener.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import type { ServerRegistry } from "../core/server-registry.ts";
import type { Store } from "../core/store-port.ts";
import type { Submissions } from "../core/submission.ts";
import { mountAudit } from "./audit.ts";
import type { HttpEnv } from "./context.ts";
import { mountCredentials } from "./credentials.ts";
import { createErrorHandler, createNotFoundHandler } from "./errors.ts";
import { mountFlows } from "./flows.ts";
import { accessLog, refuseHead, refuseOtherSites, requireRawPath, setResponseHeaders } from "./front.ts";
import { mountGrants } from "./grants.ts";
import { createGuards } from "./guard.ts";
import { refuseInvalid } from "./invalid-request.ts";
import { mountMe } from "./me.ts";
import { createMount } from "./mount.ts";
import { mountPages } from "./pages.ts";
import { mountServers } from "./servers.ts";
import { mountSystem, type ReadinessChecks } from "./system.ts";
import { mountVirtualKeys } from "./virtual-keys.ts";

/** What the app reads of the store. Whatever it changes goes through the policies. */
type HttpStore = Pick<
  Store,
  | "findServer"
  | "findServerByName"
  | "listServers"
  | "listGrants"
  | "listAccess"
  | "findCredential"
  | "listCredentials"
  | "countCredentials"
  | "findVirtualKey"
  | "listVirtualKeys"
  | "listAudit"
>;

export interface HttpParts {
  readonly store: HttpStore;
  readonly registry: ServerRegistry;
  readonly access: AccessControl;
  readonly keyIssuer: KeyIssuer;
  readonly admins: Pick<Admins, "byToken" | "completeSetup">;
  readonly callers: Callers;
  readonly openers: Openers;
  readonly submissions: Submissions;
  readonly links: LinkIssuer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Base of every link and of the API description. Never derived from a request. */
  readonly publicUrl: string;
  /** Version of Keyward, for the API description. */
  readonly version: string;
  readonly readiness: () => Promise<ReadinessChecks>;
  readonly random: Random;
  /** Where `npm run build:web` has put the pages. Read once, here. */
  readonly connectPage: { readonly directory: string };
  readonly dashboard: { readonly directory: string };
}

/** Answers `app.fetch(request, context)`; the context is the `RequestContext` of `context.ts`. */
export type HttpApp = Hono<HttpEnv>;

/**
 * REST API and pages.
 * @throws KeywardError `config_invalid` when the pages have not been built
 */
export function createHttpApp(parts: HttpParts): HttpApp {
  const app = new OpenAPIHono<HttpEnv>({ defaultHook: refuseInvalid });
  const mount = createMount(app, createGuards(parts));

  app.onError(createErrorHandler(parts.logger));
  app.use(accessLog(parts.logger, parts.clock));
  app.use(setResponseHeaders(parts.publicUrl));
  app.use(requireRawPath);
  app.use("/api/*", refuseOtherSites(parts.publicUrl), refuseHead);

  mountSystem(mount, parts);
  mountFlows(mount, parts);
  mountCredentials(mount, parts);
  mountServers(mount, parts);
  mountGrants(mount, parts);
  mountVirtualKeys(mount, parts);
  mountAudit(mount, parts);
  mountMe(mount, parts);
  mountPages(app, parts);
  app.notFound(createNotFoundHandler(app.routes));
  return app;
}
