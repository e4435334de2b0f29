import { KeywardError } from "./errors.ts";

/** RFC 5321, 4.5.3.1. */
const MAX_LENGTH = 254;

// ASCII only, as identities are: no two normal forms of one name, no look-alikes (abuse case A13). Narrower than the RFC:
// what the sign-in library would refuse must not become a user who can never sign in.
const ADDRESS = /^[a-z0-9_+-]+(?:[.'][a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;

/**
 * @returns the address in lower case: one person, however it is typed
 * @throws KeywardError `invalid_email`
 */
export function parseEmail(text: string): string {
  const email = text.toLowerCase();
  // Before lowering too: the Kelvin sign becomes a `k`.
  const isAscii = /^[\x21-\x7e]*$/.test(text);
  if (!isAscii || email.length > MAX_LENGTH || !ADDRESS.test(email)) {
    throw new KeywardError("invalid_email");
  }
  return email;
}
