import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { AccessControl } from "../core/access.ts";
import type { CredentialTests } from "../core/credential-tests.ts";
import type { Admins } from "../core/admins.ts";
import type { Callers } from "../core/callers.ts";
import type { ConnectedApps } from "../core/connected-apps.ts";
import type { Groups } from "../core/groups.ts";
import type { LinkIssuer } from "../core/link-issuer.ts";
import type { KeyIssuer } from "../core/key-issuer.ts";
import type { Openers } from "../core/opener.ts";
import type { People } from "../core/people.ts";
import type { Clock, Logger, Random, Vault } from "../core/ports.ts";
import type { ServerRegistry } from "../core/server-registry.ts";
import type { Store } from "../core/store-port.ts";
import type { Submissions } from "../core/submission.ts";
import { mountApps } from "./apps.ts";
import { mountAdminTokens } from "./admin-tokens.ts";
import { mountAudit } from "./audit.ts";
import { mountConsent } from "./consent.ts";
import type { HttpEnv } from "./context.ts";
import { mountCredentials } from "./credentials.ts";
import { createErrorHandler, createNotFoundHandler } from "./errors.ts";
import { mountFlows } from "./flows.ts";
import { accessLog, refuseHead, refuseOtherSites, requireRawPath, setResponseHeaders } from "./front.ts";
import { mountGrants } from "./grants.ts";
import { mountGroups } from "./groups.ts";
import { createGuards } from "./guard.ts";
import { refuseInvalid } from "./invalid-request.ts";
import { mountMe } from "./me.ts";
import { createMount } from "./mount.ts";
import type { Consents } from "./oauth/consents.ts";
import { mountPages } from "./pages.ts";
import { mountServers } from "./servers.ts";
import { mountSettings, type Settings } from "./settings.ts";
import type { SignIn } from "./sign-in/compose-sign-in.ts";
import { mountJoin } from "./sign-in/join.ts";
import { mountOwnSessions } from "./sign-in/own-sessions.ts";
import { mountSignIn } from "./sign-in/sign-in.ts";
import { mountSystem, type ReadinessChecks } from "./system.ts";
import { mountUsers } from "./users.ts";
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
  | "listApps"
  | "findUser"
  | "findUsers"
  | "listUsers"
  | "findGroup"
  | "listGroups"
  | "listGroupsOf"
  | "listAdminTokens"
  | "listAudit"
  | "verifyAudit"
  | "findUserByEmail"
  | "findInvite"
  | "isSetUp"
  | "listSessions"
  // How people come in and go: each is one transaction with its event.
  | "completeSetupWithUser"
  | "acceptInvite"
  | "endSession"
  | "endSessions"
>;

export interface HttpParts {
  readonly store: HttpStore;
  readonly registry: ServerRegistry;
  readonly access: AccessControl;
  readonly credentialTests: CredentialTests;
  readonly keyIssuer: KeyIssuer;
  readonly people: People;
  readonly groups: Groups;
  readonly admins: Pick<Admins, "byToken" | "completeSetup" | "isSetupOpen" | "create" | "revoke">;
  readonly callers: Callers;
  readonly openers: Openers;
  readonly submissions: Submissions;
  readonly links: LinkIssuer;
  readonly signIn: SignIn;
  readonly connectedApps: ConnectedApps;
  /** null where OAuth is off. */
  readonly consents: Consents | null;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Base of every link and of the API description. Never derived from a request. */
  readonly publicUrl: string;
  /** Version of Keyward, for the API description. */
  readonly version: string;
  readonly settings: Settings;
  readonly readiness: () => Promise<ReadinessChecks>;
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
  const { signIn } = parts;
  const mount = createMount(app, createGuards({ ...parts, signIns: signIn.sessions, ownPages: signIn.ownPages }));

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
  mountConsent(mount, parts);
  mountApps(mount, parts);
  mountUsers(mount, parts);
  mountGroups(mount, parts);
  mountAudit(mount, parts);
  mountAdminTokens(mount, parts);
  mountSettings(mount, parts);
  mountMe(mount, { ...signIn, ...parts });
  mountSignIn(mount, { ...signIn, ...parts });
  mountJoin(mount, { ...signIn, ...parts });
  mountOwnSessions(mount, { ...signIn, ...parts });
  mountPages(app, parts);
  app.notFound(createNotFoundHandler(app.routes));
  return app;
}
