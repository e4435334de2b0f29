import { KeywardError } from "../core/errors.ts";
import type { OpenerProof } from "../core/opener.ts";

/** What a header proves; what a cookie proves is the sign-in's to say. */
type PresentedProof = Exclude<OpenerProof, { kind: "user" }>;

const SCHEME_AND_TOKEN = /^([A-Za-z-]+) +(\S+)$/;

/**
 * What a request presents to prove who it is from; nothing is looked up here. A proof is one header: what is malformed
 * or doubled is refused, and never read as "nothing presented" (abuse cases A10, A11).
 *
 * @throws KeywardError `ambiguous_credentials` for more than one, `unauthenticated` for one that is malformed
 */
export function presentedBy(headers: Headers): PresentedProof {
  const authorization = headers.get("authorization");
  const session = headers.get("keyward-session");
  if (authorization !== null && session !== null) {
    throw new KeywardError("ambiguous_credentials");
  }
  if (session !== null) {
    return { kind: "session", text: single(session) };
  }
  return authorization === null ? { kind: "none" } : parseAuthorization(authorization);
}

function parseAuthorization(text: string): PresentedProof {
  const [, scheme, token] = SCHEME_AND_TOKEN.exec(single(text)) ?? [];
  if (scheme === undefined || token === undefined) {
    throw new KeywardError("unauthenticated");
  }
  switch (scheme.toLowerCase()) {
    case "keyward-temp-token":
      return { kind: "temp_token", text: token };
    case "bearer":
      // A configured admin token has no form of its own: whatever is not a virtual key is compared with it.
      return { kind: token.startsWith("kw_") ? "virtual_key" : "admin", text: token };
    default:
      throw new KeywardError("unauthenticated");
  }
}

// A header sent twice arrives as one value with ", " between (RFC 9110 section 5.3).
function single(text: string): string {
  if (text.includes(", ")) {
    throw new KeywardError("ambiguous_credentials");
  }
  if (text === "") {
    throw new KeywardError("unauthenticated");
  }
  return text;
}
