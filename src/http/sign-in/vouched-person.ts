import { parseEmail } from "../../core/email.ts";
import { isKeywardError } from "../../core/errors.ts";
import { toPrintable } from "../../core/printable.ts";
import type { VouchedPerson } from "../../core/sign-in-port.ts";

/** Whom single sign-on lets in, and as what. */
export interface AdmissionRules {
  /** Lower-case host names; a subdomain is another one. */
  readonly allowedDomains: readonly string[];
  /** Empty = the issuer's groups say nothing of roles. */
  readonly adminGroups: readonly string[];
  readonly groupsClaim: string;
}

/** Why the issuer's word is not enough; for the page that the browser ends at. */
export type ClaimsRefusal = "sso_failed" | "sso_email_unverified" | "sso_not_allowed";

const MAX_NAME = 80;
const MAX_SUBJECT = 255;

/** Judges verified claims. Fails closed: a claim that is absent or odd says no. */
export function readVouchedPerson(
  claims: Readonly<Record<string, unknown>>,
  rules: AdmissionRules,
): Omit<VouchedPerson, "newUserId"> | ClaimsRefusal {
  const { sub } = claims;
  const email = emailIn(claims["email"]);
  // OpenID Connect Core 1.0 section 2: at most 255 ASCII characters.
  if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT || email === null) {
    return "sso_failed";
  }
  // Whoever could write any address into a profile would be whoever it belongs to. Some issuers send text.
  if (claims["email_verified"] !== true && claims["email_verified"] !== "true") {
    return "sso_email_unverified";
  }
  if (!rules.allowedDomains.includes(email.slice(email.lastIndexOf("@") + 1))) {
    return "sso_not_allowed";
  }
  return { subject: sub, email, name: nameIn(claims, email), role: roleIn(claims, rules) };
}

function emailIn(claim: unknown): string | null {
  try {
    return typeof claim === "string" ? parseEmail(claim) : null;
  } catch (error) {
    if (isKeywardError(error, "invalid_email")) {
      return null;
    }
    throw error;
  }
}

function nameIn(claims: Readonly<Record<string, unknown>>, email: string): string {
  const names = [claims["name"], claims["preferred_username"], email.slice(0, email.lastIndexOf("@"))];
  return (
    names.map((name) => (typeof name === "string" ? toPrintable(name, MAX_NAME) : "")).find((name) => name !== "") ??
    email
  );
}

/** No groups at all is no admin group: whoever loses all of them loses the role too. */
function roleIn(claims: Readonly<Record<string, unknown>>, { adminGroups, groupsClaim }: AdmissionRules) {
  if (adminGroups.length === 0) {
    return null;
  }
  const claim = claims[groupsClaim];
  const groups: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return groups.some((group) => typeof group === "string" && adminGroups.includes(group)) ? "admin" : "user";
}
