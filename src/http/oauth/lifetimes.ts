/* How long what the OAuth server gives out may be used. Seconds where oidc-provider counts, else milliseconds. */

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** From the first request to the end of the consent, sign-in included. */
export const INTERACTION_SECONDS: number = 60 * MINUTE;
export const CODE_SECONDS: number = MINUTE;
export const ACCESS_TOKEN_SECONDS: number = 10 * MINUTE;
/** Since the last refresh. */
export const REFRESH_TOKEN_SECONDS: number = 30 * DAY;
/** Since the consent: then the person is asked again. */
export const GRANT_SECONDS: number = 365 * DAY;

/** Two windows of one client that refresh with the same token within this time both go on (RFC 9700 section 4.14.2). */
export const REFRESH_GRACE_MS = 30_000;
/** For so long a used refresh token is known as such: whoever presents it ends the grant. */
export const CONSUMED_KEPT_MS: number = 3 * DAY * 1000;
/** A registration that nobody has used for so long is deleted. */
export const UNUSED_CLIENT_MS: number = 14 * DAY * 1000;
