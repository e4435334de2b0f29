import type { IncomingMessage } from "node:http";
import type { Caller, Callers } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import { headerLines } from "../core/raw-headers.ts";
import { claimsToBe } from "../core/token.ts";

// RFC 9110 section 11.1: the scheme is case-insensitive. A comma list of credentials does not match.
const BEARER = /^bearer +(?<key>[A-Za-z0-9_-]+)$/i;

/**
 * Proves who calls, from the headers alone. There is no second path: what cannot be proven is refused, never served as
 * somebody else or as nobody (CVE-2026-59822).
 *
 * One credential counts: `Authorization: Bearer kw_...` or `X-Api-Key: kw_...`, `Authorization: Bearer kwo_...` (an access
 * token), or `Keyward-Session: ...`. The same key in the first two is one credential; a header that comes twice is refused even if both say the same, because the parts of
 * the way could each have believed another one.
 *
 * @throws KeywardError `unauthenticated`, `ambiguous_credentials`, `credential_store_unavailable`
 */
export async function authenticate(request: Pick<IncomingMessage, "rawHeaders">, callers: Callers): Promise<Caller> {
  const authorization = onlyValue(request, "authorization");
  const apiKey = onlyValue(request, "x-api-key");
  const session = onlyValue(request, "keyward-session");
  const bearer = authorization === null ? null : (BEARER.exec(authorization)?.groups?.["key"] ?? "");
  const key = bearer ?? apiKey;
  const areTwoKeys = bearer !== null && apiKey !== null && bearer !== apiKey;
  if (areTwoKeys || (key !== null && session !== null)) {
    throw new KeywardError("ambiguous_credentials");
  }
  const isToken = bearer !== null && claimsToBe("access_token", bearer);
  const byKey = (text: string): Promise<Caller | null> =>
    isToken ? callers.byAccessToken(text) : callers.byVirtualKey(text);
  const caller = key === null ? bySession(session, callers) : await byKey(key);
  if (caller === null) {
    throw new KeywardError("unauthenticated", {
      message: "Present one valid virtual key (Authorization: Bearer kw_...), or sign in by OAuth.",
      details: { presented: key !== null || session !== null },
    });
  }
  return caller;
}

function bySession(session: string | null, callers: Callers): Caller | null {
  return session === null ? null : callers.bySession(session);
}

function onlyValue({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">, name: string): string | null {
  const [value, ...others] = headerLines(rawHeaders, name);
  if (others.length > 0) {
    throw new KeywardError("ambiguous_credentials");
  }
  return value ?? null;
}
