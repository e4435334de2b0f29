import { mcpAudience, OAUTH_SCOPE } from "../../core/oauth-resource.ts";
import { OAUTH_PATHS } from "./paths.ts";

export const CLIENT_AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"] as const;

/** With which a client may sign a proof of who it is. */
export const CLIENT_AUTH_ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"] as const;

/**
 * RFC 8414. Made once, out of the configuration: no header of a request can find its way into it (abuse case A46). There is
 * no key set, because nothing is signed.
 */
export function serverMetadata(options: {
  readonly publicUrl: string;
  readonly isRegistrationEnabled: boolean;
}): Readonly<Record<string, unknown>> {
  const { publicUrl, isRegistrationEnabled } = options;
  return {
    issuer: publicUrl,
    authorization_endpoint: publicUrl + OAUTH_PATHS.authorize,
    token_endpoint: publicUrl + OAUTH_PATHS.token,
    revocation_endpoint: publicUrl + OAUTH_PATHS.revoke,
    ...(isRegistrationEnabled ? { registration_endpoint: publicUrl + OAUTH_PATHS.register } : {}),
    client_id_metadata_document_supported: true,
    scopes_supported: [OAUTH_SCOPE],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_AUTH_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_AUTH_ALGORITHMS,
  };
}

/**
 * RFC 9728, of one endpoint.
 * @param path `/mcp` or `/mcp/<server>`
 */
export function resourceMetadata(publicUrl: string, path: string): Readonly<Record<string, unknown>> {
  return {
    resource: publicUrl + path,
    authorization_servers: [publicUrl],
    scopes_supported: [OAUTH_SCOPE],
    bearer_methods_supported: ["header"],
    resource_name: mcpAudience(publicUrl) === publicUrl + path ? "Keyward" : `Keyward: ${path.slice("/mcp/".length)}`,
  };
}
