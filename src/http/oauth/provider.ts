import type { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { errors, interactionPolicy, Provider, type Configuration, type KoaContextWithOIDC } from "oidc-provider";
import type { Documents } from "../../core/documents.ts";
import { isOwnResource, mcpAudience, OAUTH_SCOPE } from "../../core/oauth-resource.ts";
import type { OauthStore } from "../../core/oauth-port.ts";
import type { UserStore } from "../../core/people-port.ts";
import type { Logger, Random, Vault } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import { mintId, mintToken } from "../../core/token.ts";
import { createAdapterFactory } from "./adapter.ts";
import { normaliseClientMetadata } from "./client-metadata.ts";
import { isDocumentId } from "./document-id.ts";
import { errorPage } from "./error-page.ts";
import * as lifetimes from "./lifetimes.ts";
import { CLIENT_AUTH_ALGORITHMS, CLIENT_AUTH_METHODS } from "./metadata.ts";
import { OAUTH_PATHS, UNUSED_JWKS_PATH } from "./paths.ts";
import type { OauthRecords } from "./records.ts";
import { SESSION_COOKIE } from "./session-view.ts";
import { signingKeyFrom } from "./signing-key.ts";

export interface ProviderParts {
  readonly store: OauthStore;
  readonly records: OauthRecords;
  readonly users: Pick<UserStore, "findUser">;
  readonly vault: Vault;
  readonly documents: Documents;
  readonly random: Random;
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly isRegistrationEnabled: boolean;
  /** Whether this request may make Keyward read one more metadata document. */
  readonly mayReadDocument: (clientId: string) => boolean;
  /** See `createAdapterFactory`. */
  readonly onRevoked: () => void;
  readonly sessionUid: (sessionId: string) => string;
}

const DOCUMENT_BYTES = 16_384;

/** The OAuth server: what it can do, and nothing else that the library can. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.publicUrl, configurationOf(parts));
  // Host and protocol are written by `mount.ts`, whatever the client has sent.
  provider.proxy = true;
  provider.silent = true;
  provider.use(async (ctx, next) => {
    await next();
    dropCookie(ctx.res, SESSION_COOKIE);
  });
  mintTokens(provider, parts.random);
  logFailures(provider, parts.logger);
  return provider;
}

function configurationOf(parts: ProviderParts): Configuration {
  const { store, users, vault, documents, publicUrl } = parts;
  const derive = (purpose: "oauth_cookies" | "oauth_signing"): string => vault.digest(purpose, new Secret("v1"));
  const audience = mcpAudience(publicUrl);
  const prefix = publicUrl.startsWith("https:") ? "__Secure-" : "";

  return {
    adapter: createAdapterFactory(parts),
    routes: {
      authorization: OAUTH_PATHS.authorize,
      token: OAUTH_PATHS.token,
      registration: OAUTH_PATHS.register,
      revocation: OAUTH_PATHS.revoke,
      jwks: UNUSED_JWKS_PATH,
    },
    jwks: { keys: [signingKeyFrom(derive("oauth_signing"))] },
    cookies: {
      keys: [derive("oauth_cookies")],
      names: {
        session: SESSION_COOKIE,
        interaction: `${prefix}keyward_consent`,
        resume: `${prefix}keyward_resume`,
      },
      // Never leaves this process: see `session-view.ts`.
      long: { signed: false },
    },

    responseTypes: ["code"],
    pkce: { required: () => true },
    // The resource's own scope must not be among these: the person would be asked for it again and again.
    scopes: [],
    clientAuthMethods: CLIENT_AUTH_METHODS,
    enabledJWA: { clientAuthSigningAlgValues: CLIENT_AUTH_ALGORITHMS },
    clientDefaults: { id_token_signed_response_alg: "EdDSA" },
    // The validator is run before anything is judged, for every client, if there is one property to validate.
    extraClientMetadata: {
      properties: ["software_id"],
      validator: (_ctx, _key, _value, metadata) => normaliseClientMetadata(metadata),
    },

    ttl: {
      Interaction: lifetimes.INTERACTION_SECONDS,
      AuthorizationCode: lifetimes.CODE_SECONDS,
      AccessToken: lifetimes.ACCESS_TOKEN_SECONDS,
      RefreshToken: lifetimes.REFRESH_TOKEN_SECONDS,
      Grant: lifetimes.GRANT_SECONDS,
      Session: lifetimes.INTERACTION_SECONDS,
    },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    // A client goes on when the person closes the dashboard; it ends with its grant.
    expiresWithSession: () => false,
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => false,

    async findAccount(_ctx, id) {
      const user = await users.findUser(id);
      return user?.isEnabled === true ? { accountId: id, claims: () => Promise.resolve({ sub: id }) } : undefined;
    },

    async loadExistingGrant({ oidc }) {
      const given = oidc.result?.consent?.grantId;
      const known = given ?? (await rememberedGrant(oidc, store));
      return known === null ? undefined : oidc.provider.Grant.find(known);
    },

    interactions: {
      policy: policy(),
      url: (ctx, { prompt, uid }) =>
        prompt.name === "login"
          ? `/sign-in?${new URLSearchParams({ next: ctx.oidc.provider.pathFor("resume", { uid }) }).toString()}`
          : `/consent/${uid}`,
    },

    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      registration: {
        enabled: parts.isRegistrationEnabled,
        issueRegistrationAccessToken: false,
        idFactory: () => mintId("client", parts.random),
        secretFactory: () => Buffer.from(parts.random.bytes(32)).toString("base64url"),
      },
      clientIdMetadataDocument: {
        enabled: true,
        ack: "draft-02",
        allowFetch: (_ctx, clientId) => parts.mayReadDocument(clientId),
        cacheDuration: { min: 60, max: 3_600 },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf?.[0] ?? audience,
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx, indicator) {
          if (!isOwnResource(publicUrl, indicator)) {
            throw new errors.InvalidTarget();
          }
          return {
            scope: OAUTH_SCOPE,
            audience,
            accessTokenFormat: "opaque",
            accessTokenTTL: lifetimes.ACCESS_TOKEN_SECONDS,
          };
        },
      },
    },

    fetch: async (input) => {
      const { status, cacheControl, text } = await documents.read(new URL(urlOf(input)));
      const headers = cacheControl === null ? {} : { "cache-control": cacheControl };
      return new Response(status === 200 ? text : null, { status, headers });
    },
    fetchResponseBodyLimits: { "client_id metadata document": DOCUMENT_BYTES, jwks_uri: DOCUMENT_BYTES },

    renderError(ctx, { error }) {
      ctx.type = "html";
      ctx.body = errorPage(error);
    },
  };
}

/**
 * A consent is asked for once and remembered with its grant. Not for an application on the person's machine that is known
 * by a document: anything on that machine can say that it is that application (RFC 8252 section 8.6), and each of its
 * installations has a grant of its own, so that one can be revoked without the others.
 */
async function rememberedGrant(oidc: KoaContextWithOIDC["oidc"], store: OauthStore): Promise<string | null> {
  const { client, account } = oidc;
  if (client === undefined || account === undefined) {
    return null;
  }
  const isShared = isDocumentId(client.clientId) && client.applicationType === "native";
  return isShared ? null : store.findNewestGrant(account.accountId, client.clientId);
}

/** The login is the dashboard's: no request can ask for another one than that (`authorize-query.ts`). */
function policy(): interactionPolicy.DefaultPolicy {
  const base = interactionPolicy.base();
  const login = base.get("login");
  const isSignedOut = login?.checks.get("no_session");
  base.remove("login");
  if (isSignedOut !== undefined) {
    base.add(new interactionPolicy.Prompt({ name: "login", requestable: false }, isSignedOut), 0);
  }
  return base;
}

/** What the library does when a token is about to be saved, and its types do not tell. */
interface Minted {
  generateTokenId: (this: Minted) => string;
}

/** Tokens by which a scanner knows a leaked one, and the gateway a typo. */
function mintTokens({ AccessToken, RefreshToken }: Provider, random: Random): void {
  const models = [
    [AccessToken.prototype as unknown as Minted, "access_token"],
    [RefreshToken.prototype as unknown as Minted, "refresh_token"],
  ] as const;
  for (const [model, purpose] of models) {
    const decideFormat = model.generateTokenId;
    model.generateTokenId = function generateTokenId(this: Minted): string {
      decideFormat.call(this);
      return mintToken(purpose, random).secret.reveal();
    };
  }
}

const REFUSALS = ["authorization.error", "grant.error", "registration_create.error", "revocation.error"] as const;

function logFailures(provider: EventEmitter, logger: Logger): void {
  // An error's text could quote what a client has sent.
  provider.on("server_error", (_ctx: unknown, error: Error) => logger.error("oauth_failed", { error: error.name }));
  provider.on("error", (error: Error) => logger.error("oauth_failed", { error: error.name }));
  for (const event of REFUSALS) {
    provider.on(event, (_ctx: unknown, { error }: errors.OIDCProviderError) =>
      logger.info("oauth_refused", { event, error }),
    );
  }
}

function dropCookie(response: ServerResponse, name: string): void {
  const set = response.getHeader("set-cookie");
  if (Array.isArray(set)) {
    response.setHeader(
      "set-cookie",
      set.filter((cookie) => !cookie.startsWith(`${name}=`)),
    );
  }
}

function urlOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : String(input);
}
