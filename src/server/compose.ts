import { getRequestListener } from "@hono/node-server";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { createAccessControl } from "../core/access.ts";
import { createAdmins, type Admins } from "../core/admins.ts";
import { createAuthRequiredIssuer } from "../core/auth-required.ts";
import { createCallers } from "../core/callers.ts";
import { createCredentialTests } from "../core/credential-tests.ts";
import { createCompletions } from "../core/completions.ts";
import { HeadersProvider } from "../core/headers-provider.ts";
import { createConnectedApps } from "../core/connected-apps.ts";
import type { Documents } from "../core/documents.ts";
import { createGroups } from "../core/groups.ts";
import { createKeyIssuer } from "../core/key-issuer.ts";
import { createLinkIssuer } from "../core/link-issuer.ts";
import { mcpAudience, oauthAvailability } from "../core/oauth-resource.ts";
import { createOpeners } from "../core/opener.ts";
import { createPeople } from "../core/people.ts";
import type { Clock, Logger, Random, Upstream, Vault } from "../core/ports.ts";
import { createRejections } from "../core/rejection.ts";
import { createResolver } from "../core/resolver.ts";
import { createServerRegistry } from "../core/server-registry.ts";
import type { Store } from "../core/store-port.ts";
import { createStoredWatch } from "../core/stored-watch.ts";
import { createSubmissions } from "../core/submission.ts";
import type { Binding } from "../core/credential.ts";
import { createTempTokenService } from "../core/temp-token.ts";
import { createListChanges } from "../gateway/all/list-changes.ts";
import { createGateway, type Gateway } from "../gateway/endpoint.ts";
import { createHttpApp } from "../http/app.ts";
import { isOauthPath } from "../http/oauth/mount.ts";
import { createOauth, type Oauth } from "../http/oauth/oauth.ts";
import { composeSignIn } from "../http/sign-in/compose-sign-in.ts";
import type { ReadinessChecks } from "../http/system.ts";
import type { SignInDatabase } from "../store/sign-in-database.ts";
import type { Config } from "./config/config.ts";
import type { Handler, RequestContext } from "./listener.ts";
import type { Metrics } from "./metrics/metrics.ts";
import {
  observeCallers,
  observeIssuer,
  observeLinks,
  observeRejections,
  observeResolver,
  observeSubmissions,
  observeVault,
} from "./metrics/observed.ts";
import { createScrape, type Scrape } from "./metrics/scrape.ts";
import { settingsOf } from "./settings.ts";
import type { Stages } from "./stages.ts";
import { VERSION } from "./version.ts";

/** Where `npm run build:web` puts the pages: the same path from `src/server/` and from `dist/server/`. */
const CONNECT_PAGE = fileURLToPath(new URL("../../dist/web/connect/", import.meta.url));
const DASHBOARD = fileURLToPath(new URL("../../dist/web/dashboard/", import.meta.url));

const NO_OAUTH = "The public URL is plain http. Clients connect by OAuth over https, or on a loopback host.";

/** What is opened before anything can be put together. */
export interface Foundations {
  readonly store: Store;
  readonly signInDatabase: SignInDatabase;
  /** Calls back when another gateway on the same database has stored values. */
  readonly onStoredElsewhere: (listener: (binding: Binding) => void) => unknown;
  readonly vault: Vault;
  readonly upstream: Upstream;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly stages: Stages;
  /** What `/readyz` tells. */
  readonly readiness: () => Promise<ReadinessChecks>;
}

/** Keyward, put together. */
export interface Composition {
  readonly provider: HeadersProvider;
  readonly admins: Admins;
  readonly handler: Handler;
  readonly load: Gateway["load"];
  /** Ends the event streams that clients hold open, which would otherwise hold up a stop. */
  readonly closeStreams: () => void;
}

/** The only place where all parts meet. */
export function compose(config: Config, publicUrl: string, foundations: Foundations): Composition {
  const { store, vault, upstream, clock, random, logger, metrics, stages } = foundations;
  const provider = new HeadersProvider({ store, vault, logger, clock, random });
  const tempTokens = createTempTokenService({
    store,
    vault,
    random,
    areLinksEnabled: config.areTempTokenLinksEnabled,
  });
  provider.setTempTokenService(tempTokens);
  const isOauthEnabled = oauthAvailability(publicUrl).isEnabled;
  const callers = observeCallers(
    createCallers({
      store,
      vault,
      clock,
      areSessionsEnabled: config.areSessionIdentitiesEnabled,
      audience: isOauthEnabled ? mcpAudience(publicUrl) : null,
    }),
    stages,
  );
  const admins = createAdmins({ store, vault, random, configuredToken: config.adminToken });
  const completions = createCompletions({
    logger,
    createWatch: (onStored) => createStoredWatch({ store, clock, logger }, onStored),
  });
  foundations.onStoredElsewhere((binding) => completions.announce(binding));
  const links = observeLinks(createLinkIssuer({ provider, store, vault, clock, publicUrl }), metrics);
  const listChanges = createListChanges();
  const resolver = observeResolver(createResolver({ store, vault: observeVault(vault, stages), logger }), stages);
  const rejections = observeRejections(createRejections({ store, upstream, clock, logger }), metrics);
  const gateway = createGateway({
    callers,
    store,
    resolver,
    issuer: observeIssuer(createAuthRequiredIssuer(links), metrics),
    upstream,
    listChanges,
    rejections,
    completions,
    vault,
    random,
    clock,
    logger,
    publicUrl,
    version: VERSION,
    oauthUrl: isOauthEnabled ? publicUrl : null,
    onCall: (call, ms) => {
      metrics.call(call, ms / 1_000);
      stages.call(call);
    },
  });
  const signIn = composeSignIn({
    store,
    database: foundations.signInDatabase,
    vault,
    random,
    clock,
    logger,
    publicUrl,
    singleSignOn: config.singleSignOn,
  });
  const oauth = isOauthEnabled
    ? createOauth({
        store,
        users: store,
        vault,
        documents: foundations.documents,
        random,
        clock,
        logger,
        publicUrl,
        isRegistrationEnabled: config.isOauthRegistrationEnabled,
        signIns: signIn.sessions,
        onRevoked: () => gateway.review(),
      })
    : null;
  const openings = { upstream, listChanges, connections: gateway };
  const app = createHttpApp({
    store,
    registry: createServerRegistry({ ...openings, store, vault, random }),
    credentialTests: createCredentialTests({ store, resolver, upstream, rejections, clock }),
    access: createAccessControl({ ...openings, store }),
    keyIssuer: createKeyIssuer({ store, vault, random, connections: gateway }),
    people: createPeople({ ...openings, store, vault, random }),
    groups: createGroups({ ...openings, store, random }),
    admins,
    callers,
    openers: createOpeners({ store, tempTokens, callers, admins, clock }),
    submissions: observeSubmissions(
      createSubmissions({ store, vault, upstream, completions, random, logger }),
      metrics,
    ),
    links,
    signIn,
    connectedApps: createConnectedApps({ store, connections: gateway }),
    consents: oauth?.consents ?? null,
    vault,
    random,
    clock,
    logger,
    publicUrl,
    version: VERSION,
    settings: settingsOf(config, isOauthEnabled ? null : NO_OAUTH),
    readiness: foundations.readiness,
    connectPage: { directory: CONNECT_PAGE },
    dashboard: { directory: DASHBOARD },
  });
  const scrape = createScrape({ metrics, admins, vault, metricsToken: config.metricsToken });
  return {
    provider,
    admins,
    handler: dispatch({ gateway, oauth, scrape, fetch: app.fetch }),
    load: () => gateway.load(),
    closeStreams: () => gateway.close(),
  };
}

type Fetch = (request: Request, env: RequestContext) => Response | Promise<Response>;

interface Doors {
  readonly gateway: Gateway;
  readonly oauth: Oauth | null;
  readonly scrape: Scrape;
  readonly fetch: Fetch;
}

/** The MCP and OAuth paths are served from `node:http` directly; everything else goes through the REST app. */
function dispatch({ gateway, oauth, scrape, fetch }: Doors): Handler {
  const contexts = new WeakMap<IncomingMessage, RequestContext>();
  const rest = getRequestListener((request, { incoming }) => {
    const context = contexts.get(incoming as IncomingMessage);
    return context === undefined ? new Response(null, { status: 500 }) : fetch(request, context);
  });
  return async (request: IncomingMessage, response: ServerResponse, context: RequestContext) => {
    if (context.rawPath === "/mcp" || context.rawPath.startsWith("/mcp/")) {
      await gateway.handle(request, response, context);
    } else if (oauth !== null && isOauthPath(context.rawPath)) {
      await oauth.handle(request, response, context);
    } else if (context.rawPath === "/metrics") {
      await scrape(request, response);
    } else {
      contexts.set(request, context);
      await rest(request, response);
    }
  };
}
