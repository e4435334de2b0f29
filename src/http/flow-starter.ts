import { KeywardError } from "../core/errors.ts";
import type { HeadersProvider } from "../core/headers-provider.ts";
import { identityKey, type Identity } from "../core/identity.ts";
import type { Clock } from "../core/ports.ts";
import { createRateLimit } from "../core/rate-limit.ts";
import { requestOriginOf, type HttpContext } from "./context.ts";
import { requestedBy } from "./requested-by.ts";

/** Links that one identity may ask for, per server and minute. */
const MAX_STARTS_PER_MINUTE = 10;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_BINDINGS = 10_000;

export interface FlowStarter {
  /** @throws KeywardError `access_denied`, `rate_limited` */
  start(
    c: HttpContext,
    identity: Identity,
    serverId: string,
  ): Promise<{ flow_id: string; url: string; expires_at: number }>;
}

/** Makes the links that an identity asks for itself, before a call has to. */
export function createFlowStarter(parts: {
  readonly provider: Pick<HeadersProvider, "initiateUserSubmissionFlow">;
  readonly clock: Clock;
  readonly publicUrl: string;
}): FlowStarter {
  const limit = createRateLimit(parts.clock, { windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_BINDINGS });
  return {
    async start(c, identity, serverId) {
      if (!limit.take(`${serverId}/${identityKey(identity)}`, MAX_STARTS_PER_MINUTE)) {
        throw new KeywardError("rate_limited");
      }
      const flow = await parts.provider.initiateUserSubmissionFlow({
        mode: identity.mode,
        identity: identity.id,
        serverId,
        baseUrl: parts.publicUrl,
        requestedBy: requestedBy(c),
        origin: requestOriginOf(c),
      });
      return { flow_id: flow.flowId, url: flow.url, expires_at: flow.expiresAt };
    },
  };
}
