/** Where the OAuth server answers. What is not listed here is not there, whatever the library beneath could do. */
export const OAUTH_PATHS = {
  authorize: "/oauth/authorize",
  token: "/oauth/token",
  register: "/oauth/register",
  revoke: "/oauth/revoke",
} as const;

export const SERVER_METADATA_PATH = "/.well-known/oauth-authorization-server";

/** oidc-provider wants a place for its keys; nothing leads there. */
export const UNUSED_JWKS_PATH = "/oauth/jwks";
