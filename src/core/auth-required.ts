import type { RequestOrigin } from "./audit.ts";
import { requiredNames } from "./header-schema.ts";
import type { Identity } from "./identity.ts";
import type { LinkIssuer } from "./link-issuer.ts";
import type { AuthRequiredReason } from "./resolver.ts";
import type { Server } from "./server.ts";
import type { RequestedBy } from "./flow-port.ts";

/** One machine-readable payload on every surface: what is asked for, and where to give it. */
export interface AuthRequired {
  readonly kind: "headers";
  readonly server: string;
  readonly serverId: string;
  /** The form behind the link. Names it, and opens nothing. */
  readonly flowId: string;
  /** What the form asks for, as the administrator wrote it. */
  readonly displayNames: readonly string[];
  readonly reason: AuthRequiredReason;
  /** May contain a secret in its fragment: goes to the caller and nowhere else. */
  readonly url: string;
  readonly expiresAt: number;
  readonly requiredFields: readonly string[];
}

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

export function createAuthRequiredIssuer(links: LinkIssuer): AuthRequiredIssuer {
  return {
    async issue({ server, reason, ...request }) {
      const link = await links.issue({ ...request, serverId: server.id });
      return {
        kind: "headers",
        server: server.name,
        serverId: server.id,
        flowId: link.flowId,
        displayNames: server.headerSchema.filter(({ isRequired }) => isRequired).map(({ displayName }) => displayName),
        reason,
        url: link.url,
        expiresAt: link.expiresAt,
        requiredFields: requiredNames(server.headerSchema),
      };
    },
  };
}
