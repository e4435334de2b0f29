import type { Identity } from "../core/identity.ts";
import type { LinkIssuer } from "../core/link-issuer.ts";
import { requestOriginOf, type HttpContext } from "./context.ts";
import { requestedBy } from "./requested-by.ts";

/**
 * Makes a link that an identity asks for itself, before a call has to.
 * @throws KeywardError `access_denied`, `rate_limited`
 */
export async function startFlow(
  links: LinkIssuer,
  c: HttpContext,
  identity: Identity,
  serverId: string,
): Promise<{ flow_id: string; url: string; expires_at: number }> {
  const link = await links.issue({ identity, serverId, requestedBy: requestedBy(c), origin: requestOriginOf(c) });
  return { flow_id: link.flowId, url: link.url, expires_at: link.expiresAt };
}
