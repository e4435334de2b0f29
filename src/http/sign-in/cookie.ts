import { KeywardError } from "../../core/errors.ts";

/** The cookies of a gateway, by its public URL. */
export interface CookieNames {
  /** Proves a dashboard session. */
  readonly session: string;
  /** Holds, sealed, what a single sign-on under way must find again. */
  readonly singleSignOn: string;
  readonly isSecure: boolean;
}

/**
 * `__Host-` makes browsers refuse a cookie of that name from another host, without Secure or for a part of the paths
 * (RFC 6265bis section 4.1.3.2). They refuse it over plain http too, so that loopback has a plain name.
 */
export function cookieNames(publicUrl: string): CookieNames {
  const isSecure = new URL(publicUrl).protocol === "https:";
  const prefix = isSecure ? "__Host-" : "";
  return { session: `${prefix}keyward`, singleSignOn: `${prefix}keyward-sso`, isSecure };
}

/**
 * The value of a cookie, as it was sent.
 * @throws KeywardError `ambiguous_credentials` when it is there twice: over plain http another program of the host may
 *   have set one beside ours, and which one counts is never a guess
 */
export function readCookie(headers: Headers, name: string): string | null {
  const found = (headers.get("cookie") ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  if (found.length > 1) {
    throw new KeywardError("ambiguous_credentials");
  }
  return found[0] ?? null;
}

/** A `Set-Cookie` that takes a cookie away. */
export function clearedCookie(name: string, { isSecure }: CookieNames): string {
  return `${name}=; Max-Age=0; Path=/; HttpOnly${isSecure ? "; Secure" : ""}; SameSite=Lax`;
}
