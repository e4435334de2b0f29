import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { SINGLE_SIGN_ON } from "../../core/sign-in-port.ts";
import type { Issuer, IssuerDescription } from "./issuer.ts";

/** Whom the library is to make a session for: its account is there already. */
export interface VouchedFor {
  readonly sub: string;
  readonly email: string;
  readonly name: string;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * The issuer, as the library's plugin wants it. The library sends the browser there (state, nonce, PKCE with S256),
 * verifies the ID token (signature, issuer, audience, expiry, nonce), and makes the session. Codes are exchanged by
 * `issuer.ts`, and users come to be in one transaction of the store, before the library looks for them.
 */
export function issuerPlugin(parts: {
  readonly options: { readonly clientId: string; readonly groupsClaim: string };
  readonly issuer: Issuer;
  readonly description: IssuerDescription;
  /** @returns null when that person is not let in */
  readonly admit: (claims: Claims) => Promise<VouchedFor | null>;
}): ReturnType<typeof genericOAuth> {
  const { options, issuer, description, admit } = parts;
  return genericOAuth({
    config: [
      {
        providerId: SINGLE_SIGN_ON,
        clientId: options.clientId,
        discoveryUrl: issuer.discoveryUrl,
        requireIdTokenVerification: true,
        pkce: true,
        scopes: scopesOf(description),
        disableSignUp: true,
        disableImplicitSignUp: true,

        async getToken({ code, codeVerifier = "", redirectURI }) {
          const tokens = await issuer.exchange(description, { code, codeVerifier, redirectUri: redirectURI });
          return { accessToken: tokens.accessToken, idToken: tokens.idToken, tokenType: "Bearer" };
        },

        async getUserInfo({ idToken, accessToken }) {
          const vouched = await admit(await claimsOf(idToken, accessToken));
          return vouched === null
            ? null
            : { id: vouched.sub, sub: vouched.sub, email: vouched.email, name: vouched.name, emailVerified: true };
        },
      },
    ],
  });

  /** The token's claims, which have been verified; what it lacks comes from the userinfo endpoint, for the same subject. */
  async function claimsOf(idToken: string | undefined, accessToken: string | undefined): Promise<Claims> {
    const claims = payloadOf(idToken ?? "");
    const isComplete = ["email", "email_verified", options.groupsClaim].every((name) => claims[name] !== undefined);
    if (isComplete || description.userinfo_endpoint === undefined || accessToken === undefined) {
      return claims;
    }
    const more = await issuer.userInfo(description.userinfo_endpoint, accessToken);
    // OpenID Connect Core 1.0, section 5.3.2: of another subject it must not be used.
    return more["sub"] === claims["sub"] ? { ...more, ...claims } : claims;
  }
}

function scopesOf({ scopes_supported: supported = [] }: IssuerDescription): string[] {
  return ["openid", "email", "profile", ...(supported.includes("groups") ? ["groups"] : [])];
}

/** Nothing is verified here: the library has, before it asks. */
function payloadOf(idToken: string): Claims {
  const payload = Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString();
  return payload === "" ? {} : (JSON.parse(payload) as Claims);
}
