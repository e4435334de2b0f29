import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestOrigin } from "../../core/audit.ts";
import { isKeywardError } from "../../core/errors.ts";
import { isResourcePath, RESOURCE_METADATA_PATH } from "../../core/oauth-resource.ts";
import type { Clock, Logger } from "../../core/ports.ts";
import { responseHeaders } from "../page-headers.ts";
import type { SignedIn, SignIns } from "../sign-in/signed-in.ts";
import { refuse, refuseTooMany, sendJson, sendPage } from "./answers.ts";
import type { Counted, OauthLimits } from "./limits.ts";
import { resourceMetadata, serverMetadata } from "./metadata.ts";
import type { LoadProvider } from "./load-provider.ts";
import { OAUTH_PATHS, SERVER_METADATA_PATH } from "./paths.ts";
import { rewriteRequest } from "./rewrite-request.ts";
import { withVisit } from "./visit.ts";

/** What only the listener knows of a request. */
interface OauthRequestContext extends RequestOrigin {
  readonly requestId: string;
  readonly rawPath: string;
}

export type OauthHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: OauthRequestContext,
) => Promise<void>;

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface MountParts {
  readonly loadProvider: LoadProvider;
  readonly signIns: SignIns;
  readonly limits: OauthLimits;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly isRegistrationEnabled: boolean;
}

interface Endpoint {
  readonly method: "GET" | "POST";
  readonly counted: Counted;
  /** Whether a browser comes here with a person. */
  readonly isPage: boolean;
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  [OAUTH_PATHS.authorize, { method: "GET", counted: "authorize", isPage: true }],
  [OAUTH_PATHS.token, { method: "POST", counted: "token", isPage: false }],
  [OAUTH_PATHS.register, { method: "POST", counted: "register", isPage: false }],
  [OAUTH_PATHS.revoke, { method: "POST", counted: "revoke", isPage: false }],
]);

/** Where a browser comes back to after sign-in and after consent. */
const RESUME = /^\/oauth\/authorize\/[A-Za-z0-9_-]{43}$/;

/** Whether a path is the OAuth server's: then it answers, and nobody else does. */
export function isOauthPath(rawPath: string): boolean {
  return rawPath.startsWith("/oauth/") || rawPath.startsWith("/.well-known/oauth-");
}

/** The OAuth server on `node:http`, beside the REST app. Host and Origin have been judged before. */
export function createOauthHandler(parts: MountParts): OauthHandler {
  const { loadProvider, signIns, limits, clock, logger, publicUrl, isRegistrationEnabled } = parts;
  const tables = responseHeaders(publicUrl);
  const ownMetadata = JSON.stringify(serverMetadata(parts));

  let server: Promise<Serve> | undefined;
  function loadServer(): Promise<Serve> {
    server ??= loadProvider().then((provider) => provider.callback());
    return server;
  }

  function metadataAt(rawPath: string): string | null {
    if (rawPath === SERVER_METADATA_PATH) {
      return ownMetadata;
    }
    const path = rawPath.startsWith(RESOURCE_METADATA_PATH) ? rawPath.slice(RESOURCE_METADATA_PATH.length) : null;
    // Without a path it is the metadata of the host, where older clients look: there is one resource on it.
    return path === "" || (path !== null && isResourcePath(path))
      ? JSON.stringify(resourceMetadata(publicUrl, path === "" ? "/mcp" : path))
      : null;
  }

  function endpointAt(rawPath: string): Endpoint | undefined {
    if (rawPath === OAUTH_PATHS.register && !isRegistrationEnabled) {
      return undefined;
    }
    return ENDPOINTS.get(RESUME.test(rawPath) ? OAUTH_PATHS.authorize : rawPath);
  }

  async function serveEndpoint(
    request: IncomingMessage,
    response: ServerResponse,
    { rawPath, requestId, address }: OauthRequestContext,
    { isPage }: Endpoint,
  ): Promise<void> {
    let signedIn: SignedIn | null;
    try {
      signedIn = isPage ? await signIns.byCookie(cookieHeader(request)) : null;
    } catch (error) {
      // Two cookies that prove a session, or a store that cannot be asked: who it is cannot be known.
      const status = isKeywardError(error) && error.isRetryable ? error.status : 400;
      sendPage(response, status, status === 400 ? "invalid_request" : "temporarily_unavailable");
      return;
    }
    rewriteRequest(request, { publicUrl, isPage, isSignedIn: signedIn !== null });
    const serve = await loadServer();
    const revocation = rawPath === OAUTH_PATHS.revoke ? "client_revoked" : "replayed";
    await withVisit({ signedIn, origin: { requestId, address }, revocation }, () => serve(request, response));
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    context: OauthRequestContext,
  ): Promise<void> {
    const { rawPath, requestId, address } = context;
    const metadata = metadataAt(rawPath);
    const endpoint = metadata === null ? endpointAt(rawPath) : undefined;
    const table = endpoint?.isPage === true ? tables.page : tables.api;
    Object.entries({ ...table, "X-Request-Id": requestId }).forEach(([name, value]) => response.setHeader(name, value));

    if (metadata === null && endpoint === undefined) {
      refuse(response, "not_found");
    } else if (request.method !== (endpoint?.method ?? "GET")) {
      response.setHeader("Allow", endpoint?.method ?? "GET");
      refuse(response, "method_not_allowed");
    } else if (endpoint === undefined) {
      sendJson(response, 200, metadata ?? "");
    } else if (!limits.take(endpoint.counted, address)) {
      response.setHeader("Retry-After", "60");
      refuseTooMany(response, endpoint.isPage);
    } else {
      await serveEndpoint(request, response, context, endpoint);
    }
  }

  return async (request, response, context) => {
    const start = clock.now();
    await answer(request, response, context);
    // The name of an endpoint, never a path or query of a caller: an authorization's id is in one, a code in the other.
    const route = RESUME.test(context.rawPath) ? `${OAUTH_PATHS.authorize}/{uid}` : context.rawPath;
    logger.info("oauth_request", {
      request_id: context.requestId,
      method: request.method ?? "",
      route: response.statusCode === 404 ? null : route,
      status: response.statusCode,
      ms: clock.now() - start,
    });
  };
}

function cookieHeader({ headers }: IncomingMessage): Headers {
  return new Headers(headers.cookie === undefined ? {} : { cookie: headers.cookie });
}
