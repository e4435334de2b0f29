import { betterAuth } from "better-auth";
import { createAuthEndpoint } from "better-auth/api";
import { ADDRESS_HEADER, libraryOptions, type LibraryParts } from "./library-options.ts";

/** Who asks: told to the library in headers of our own making. */
export interface Visitor {
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** `Set-Cookie` headers. */
export type SetCookies = readonly string[];

/** A step of single sign-on: where to send the browser, and what it is to keep. */
export interface Redirection {
  readonly to: string;
  readonly setCookies: SetCookies;
}

/** The sign-in library, as far as it is used. */
export interface SignInLibrary {
  /** Makes a new session. The same work for an unknown account and a wrong password. @returns null for both */
  signInByPassword(email: string, password: string, visitor: Visitor): Promise<SetCookies | null>;
  /**
   * The token in a cookie that this gateway has signed; null when it has not. What the token is worth is the store's to
   * say: the library would judge its expiry by this machine's clock, and delete what that clock takes for expired.
   * @param cookie name and value, as they were sent
   */
  sessionTokenOf(cookie: string): Promise<string | null>;
  /** @param next where the browser goes in the end: a path of ours */
  beginSingleSignOn(provider: string, next: string): Promise<Redirection>;
  /** Whatever goes wrong is a redirection to `errorPath` with the library's code for it. */
  completeSingleSignOn(
    provider: string,
    query: Readonly<Record<string, string>>,
    cookie: string,
    visitor: Visitor,
  ): Promise<Redirection>;
}

/** Asked in this process only: none of the library's routes is served. */
const sessionTokens = {
  id: "session-tokens",
  endpoints: {
    sessionToken: createAuthEndpoint(
      "/session-token",
      { method: "GET", requireHeaders: true },
      async ({ context, getSignedCookie }): Promise<string | null> => {
        const token = await getSignedCookie(context.authCookies.sessionToken.name, context.secret);
        return token === false ? null : token;
      },
    ),
  },
} as const;

/** To here the library sends whatever fails, with `?error=`. Never seen by a browser: the code is translated first. */
const FAILURE_PATH = "/sign-in";

export function openLibrary(parts: LibraryParts): SignInLibrary {
  const options = libraryOptions(parts);
  const { api } = betterAuth({ ...options, plugins: [sessionTokens, ...parts.plugins] });
  return {
    async signInByPassword(email, password, visitor) {
      try {
        const { headers } = await api.signInEmail({
          body: { email, password },
          headers: headersOf(visitor),
          returnHeaders: true,
        });
        return headers.getSetCookie();
      } catch (error) {
        if (isRefusal(error)) {
          return null;
        }
        throw error;
      }
    },

    sessionTokenOf: (cookie) => api.sessionToken({ headers: new Headers({ cookie }) }),

    async beginSingleSignOn(provider, next) {
      const { response, headers } = await api.signInSocial({
        body: { provider, callbackURL: next, errorCallbackURL: FAILURE_PATH, disableRedirect: true },
        headers: new Headers(),
        returnHeaders: true,
      });
      return { to: response.url ?? FAILURE_PATH, setCookies: headers.getSetCookie() };
    },

    async completeSingleSignOn(provider, query, cookie, visitor) {
      const headers = headersOf(visitor);
      headers.set("cookie", cookie);
      const answer = await api.callbackOAuth({
        method: "GET",
        params: { id: provider },
        query,
        headers,
        asResponse: true,
      });
      return {
        to: answer.headers.get("location") ?? `${FAILURE_PATH}?error=none`,
        setCookies: answer.headers.getSetCookie(),
      };
    },
  };
}

function headersOf({ address, userAgent }: Visitor): Headers {
  const headers = new Headers();
  if (address !== null) {
    headers.set(ADDRESS_HEADER, address);
  }
  if (userAgent !== null) {
    headers.set("user-agent", userAgent.slice(0, MAX_USER_AGENT));
  }
  return headers;
}

const MAX_USER_AGENT = 512;

// The library's refusals carry an HTTP status of the 400s; whatever else is thrown is a failure.
function isRefusal(error: unknown): boolean {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : null;
  return typeof status === "number" && status >= 400 && status < 500;
}
