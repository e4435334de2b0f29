import { KeywardError } from "./errors.ts";

// RFC 5321 section 4.5.3.1.3 leaves 254 characters for the address.
const MAX_LENGTH = 254;

// Plain addresses with a host name of two parts or more: what the sign-in library takes, so that whoever is invited can
// sign in. No quoted local part, no comment, no address literal.
const EMAIL = /^(?!\.)(?!.*\.\.)[a-z0-9_'+.-]*[a-z0-9_+-]@(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}$/;

/**
 * @returns the address in lower case: two that differ in letter case only are one account
 * @throws KeywardError `invalid_email`
 */
export function parseEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (email.length > MAX_LENGTH || !EMAIL.test(email)) {
    throw new KeywardError("invalid_email");
  }
  return email;
}
