import type { OauthModel } from "./oauth-port.ts";
import type { Vault } from "./ports.ts";
import { Secret } from "./secret.ts";

/** Models whose ids prove nothing: a client is named in URLs, a grant in the list of connected apps. */
const NAMED: ReadonlySet<OauthModel> = new Set(["Client", "Grant"]);

/**
 * The key under which a record is kept. The model is part of the digest, so that a code can never be found as a token.
 * @param id what oidc-provider calls it: for a code or token, the very text that proves something
 */
export function oauthRecordId(vault: Pick<Vault, "digest">, model: OauthModel, id: string): string {
  return NAMED.has(model) ? id : vault.digest("oauth_record", new Secret(`${model}\0${id}`));
}
