import { OAUTH_SCOPE } from "../../core/oauth-resource.ts";

/** What an authorization request may say. OpenID Connect's parameters are not among them: nobody is told who signed in. */
const KNOWN: ReadonlySet<string> = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "state",
  "code_challenge",
  "code_challenge_method",
  "resource",
]);

/**
 * The query of an authorization request as the OAuth server is to read it. RFC 6749 section 3.1: parameters that are not
 * known are ignored. Whatever scopes a client asks for, among the many that clients ask for by habit, it gets the one that
 * there is; the token response says so (section 3.3).
 *
 * `prompt`: `none` and `consent` mean what they say. `login` and `select_account` become `consent`: the page says who is
 * signed in, and lets them be somebody else.
 */
export function normaliseAuthorizeQuery(query: URLSearchParams): URLSearchParams {
  const normal = new URLSearchParams([...query].filter(([name]) => KNOWN.has(name)));
  normal.set("scope", OAUTH_SCOPE);
  const prompts = query
    .getAll("prompt")
    .flatMap((prompt) => prompt.split(" "))
    .filter((prompt) => prompt !== "");
  if (prompts.length > 0) {
    normal.set("prompt", prompts.every((prompt) => prompt === "none") ? "none" : "consent");
  }
  return normal;
}
