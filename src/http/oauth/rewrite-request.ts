import type { IncomingMessage } from "node:http";
import { normaliseAuthorizeQuery } from "./authorize-query.ts";
import { OAUTH_PATHS } from "./paths.ts";
import { SESSION_COOKIE, SESSION_VIEW_ID } from "./session-view.ts";

/** What proxies say of hosts, protocols and addresses; whoever comes without a proxy can say it too. */
const SAID_BY_PROXIES = /^(?:x-forwarded-.*|forwarded|x-real-ip)$/;

/**
 * Makes of a request what oidc-provider may believe of it. Host and protocol are the public URL's (CVE-2026-49468: a
 * decision on a URL that was rebuilt from what a caller sent). Of the cookies it sees its own, where a person comes along;
 * instead of its login, whether somebody is signed in to the dashboard.
 */
export function rewriteRequest(
  request: IncomingMessage,
  known: { readonly publicUrl: string; readonly isPage: boolean; readonly isSignedIn: boolean },
): void {
  const { headers } = request;
  const { host, protocol } = new URL(known.publicUrl);
  for (const name of Object.keys(headers)) {
    if (SAID_BY_PROXIES.test(name)) {
      delete headers[name];
    }
  }
  headers.host = host;
  headers["x-forwarded-proto"] = protocol.slice(0, -1);
  const own = known.isPage ? cookiesWithout(headers.cookie ?? "", SESSION_COOKIE) : [];
  headers.cookie = [...own, ...(known.isSignedIn ? [`${SESSION_COOKIE}=${SESSION_VIEW_ID}`] : [])].join("; ");
  if (request.url?.split("?", 1)[0] === OAUTH_PATHS.authorize) {
    const query = new URL(request.url, known.publicUrl).searchParams;
    request.url = `${OAUTH_PATHS.authorize}?${normaliseAuthorizeQuery(query).toString()}`;
  }
}

function cookiesWithout(header: string, name: string): string[] {
  return header
    .split(";")
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== "" && cookie.split("=", 1)[0]?.trim() !== name);
}
