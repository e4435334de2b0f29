/*
 * The MCP endpoint as an OAuth protected resource (RFC 9728, RFC 8707). Everything is built on the public URL of the
 * configuration, never on a request.
 */

/** The one scope: to call tools as the person who consented. Which tools, the servers' grants say. */
export const OAUTH_SCOPE = "mcp";

export const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource";

const PATH_OF_RESOURCE = /^\/mcp(?:\/[a-z][a-z0-9_]{0,31})?$/;

/** Audience of every access token. `/mcp/<server>` is the same resource seen through one server: it maps to this. */
export function mcpAudience(publicUrl: string): string {
  return `${publicUrl}/mcp`;
}

/** Whether a resource indicator names an MCP endpoint of this gateway, byte by byte. */
export function isOwnResource(publicUrl: string, indicator: string): boolean {
  return indicator.startsWith(`${publicUrl}/`) && isResourcePath(indicator.slice(publicUrl.length));
}

/** `/mcp` or `/mcp/<server>`, whether or not there is such a server. */
export function isResourcePath(path: string): boolean {
  return PATH_OF_RESOURCE.test(path);
}

/**
 * Where the metadata of an endpoint lies (RFC 9728 section 3.1): the well-known path, and then the endpoint's.
 * @param path of the endpoint; one that is none is answered with the metadata of `/mcp`
 */
export function resourceMetadataUrl(publicUrl: string, path: string): string {
  return `${publicUrl}${RESOURCE_METADATA_PATH}${isResourcePath(path) ? path : "/mcp"}`;
}

/** Whether clients may connect by OAuth, and if not, why. */
export type OauthAvailability =
  | { readonly isEnabled: true }
  | { readonly isEnabled: false; readonly reason: "plain_http" };

const LOOPBACK_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * RFC 6749 section 3.1.2.1 and the MCP specification want https, except on a loopback host; clients refuse anything else,
 * and so does Keyward: a token would cross the network in clear text.
 */
export function oauthAvailability(publicUrl: string): OauthAvailability {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === "https:" || LOOPBACK_HOSTS.test(hostname)
    ? { isEnabled: true }
    : { isEnabled: false, reason: "plain_http" };
}
