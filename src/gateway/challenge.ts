import type { KeywardError } from "../core/errors.ts";
import { OAUTH_SCOPE, resourceMetadataUrl } from "../core/oauth-resource.ts";
import type { HttpAnswer } from "./respond.ts";

/**
 * Names a way in, in the answer to a request that has proven nobody (RFC 9110 section 11.6.1).
 *
 * With OAuth, that is where a client finds out how to get a token (RFC 9728 section 5.1, and the MCP specification), and
 * `invalid_token` when it had presented something (RFC 6750 section 3.1). Without, it is nothing more than the scheme: a
 * client would go looking for an OAuth server that is not there.
 *
 * @param publicUrl null = OAuth is off
 */
export function createChallenge(
  publicUrl: string | null,
): (refused: HttpAnswer, error: KeywardError, target: string) => HttpAnswer {
  return (refused, error, target) => {
    if (error.status !== 401) {
      return refused;
    }
    const isInvalid = error.details?.["presented"] === true;
    const path = target.split("?", 1)[0] ?? "";
    const parameters =
      publicUrl === null
        ? []
        : [
            `resource_metadata="${resourceMetadataUrl(publicUrl, path)}"`,
            `scope="${OAUTH_SCOPE}"`,
            ...(isInvalid ? [`error="invalid_token"`] : []),
          ];
    const challenge = parameters.length === 0 ? "Bearer" : `Bearer ${parameters.join(", ")}`;
    return { ...refused, headers: { ...refused.headers, "www-authenticate": challenge } };
  };
}
