import type { RequestOrigin } from "./audit.ts";
import { KeywardError } from "./errors.ts";
import { requiredNames } from "./header-schema.ts";
import type { HeadersProvider } from "./headers-provider.ts";
import { identityKey, type Identity } from "./identity.ts";
import type { Clock } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { AuthRequiredReason } from "./resolver.ts";
import type { Server } from "./server.ts";
import type { RequestedBy } from "./store-port.ts";

/** One machine-readable payload on every surface: what is asked for, and where to give it. */
export interface AuthRequired {
  readonly kind: "headers";
  readonly server: string;
  readonly reason: AuthRequiredReason;
  /** May contain a secret in its fragment: goes to the caller and nowhere else. */
  readonly url: string;
  readonly expiresAt: number;
  readonly requiredFields: readonly string[];
}

/** New links per (identity, server) and minute; beyond, the caller is told to use the last one. */
const MAX_LINKS_PER_MINUTE = 10;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_BINDINGS = 10_000;

export interface AuthRequiredIssuer {
  /**
   * Makes the link that a caller without usable values is sent.
   * @throws KeywardError `access_denied`, `rate_limited`, `credential_store_unavailable`
   */
  issue(request: {
    readonly identity: Identity;
    readonly server: Server;
    readonly reason: AuthRequiredReason;
    readonly requestedBy: RequestedBy;
    readonly origin: RequestOrigin;
  }): Promise<AuthRequired>;
}

export function createAuthRequiredIssuer(parts: {
  readonly provider: HeadersProvider;
  readonly clock: Clock;
  /** Public URL of the gateway. Never derived from a request. */
  readonly publicUrl: string;
}): AuthRequiredIssuer {
  const limit = createRateLimit(parts.clock, { windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_BINDINGS });

  return {
    async issue({ identity, server, reason, requestedBy, origin }) {
      // A model that repeats a call in a loop must not turn into a loop of writes (abuse case A16).
      if (!limit.take(`${server.id}/${identityKey(identity)}`, MAX_LINKS_PER_MINUTE)) {
        throw new KeywardError("rate_limited", {
          message: `Several links for ${server.name} were made within a minute. Open the last one, or wait a minute.`,
        });
      }
      const flow = await parts.provider.initiateUserSubmissionFlow({
        mode: identity.mode,
        identity: identity.id,
        serverId: server.id,
        baseUrl: parts.publicUrl,
        requestedBy,
        origin,
      });
      return {
        kind: "headers",
        server: server.name,
        reason,
        url: flow.url,
        expiresAt: flow.expiresAt,
        requiredFields: requiredNames(server.headerSchema),
      };
    },
  };
}
