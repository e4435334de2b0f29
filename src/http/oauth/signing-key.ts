import { createPrivateKey } from "node:crypto";
import type { JWK } from "oidc-provider";

// RFC 8410 section 7: a PKCS #8 private key of Ed25519 up to its 32 bytes.
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * A key that oidc-provider wants before it starts. Nothing is signed with it: access tokens are opaque, and the scope that
 * would bring an ID token is never asked for. It is derived all the same, so that there is no key that others know.
 *
 * @param seed 32 bytes, hex
 */
export function signingKeyFrom(seed: string): JWK {
  const der = Buffer.concat([PKCS8_ED25519, Buffer.from(seed, "hex")]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "jwk" });
}
