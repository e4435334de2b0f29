import type { RequestOrigin } from "./audit.ts";
import { KeywardError } from "./errors.ts";
import type { HeadersProvider, InitiatedFlow } from "./headers-provider.ts";
import { identityKey, type Identity } from "./identity.ts";
import type { AttemptStore } from "./attempt-port.ts";
import type { Clock, Vault } from "./ports.ts";
import { createSharedLimit } from "./shared-limit.ts";
import type { RequestedBy } from "./flow-port.ts";

/** Links per (identity, server) and minute, however and at whichever gateway they were asked for. */
const MAX_LINKS_PER_MINUTE = 10;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_BINDINGS = 10_000;

interface LinkRequest {
  readonly identity: Identity;
  readonly serverId: string;
  readonly requestedBy: RequestedBy;
  readonly origin: RequestOrigin;
}

/** Makes links, but not in a loop: a model that repeats a call must not turn into a loop of writes (abuse case A16). */
export interface LinkIssuer {
  /** @throws KeywardError `access_denied`, `rate_limited`, `credential_store_unavailable` */
  issue(request: LinkRequest): Promise<InitiatedFlow>;
}

export function createLinkIssuer(parts: {
  readonly provider: Pick<HeadersProvider, "initiateUserSubmissionFlow">;
  readonly store: Pick<AttemptStore, "takeAttempt">;
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  /** Public URL of the gateway. Never derived from a request. */
  readonly publicUrl: string;
}): LinkIssuer {
  const options = { name: "link", windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_BINDINGS };
  const limit = createSharedLimit(parts, options);
  return {
    async issue({ identity, serverId, requestedBy, origin }) {
      const subject = `${serverId}/${identityKey(identity)}`;
      if (!(await limit.take({ subject, limit: MAX_LINKS_PER_MINUTE }))) {
        throw new KeywardError("rate_limited", {
          message: "Several links for this server were made within a minute. Open the last one, or wait a minute.",
        });
      }
      return parts.provider.initiateUserSubmissionFlow({
        mode: identity.mode,
        identity: identity.id,
        serverId,
        baseUrl: parts.publicUrl,
        requestedBy,
        origin,
      });
    },
  };
}
