import { AsyncLocalStorage } from "node:async_hooks";
import type { AuditEntry, RequestOrigin } from "../../core/audit.ts";
import type { SignedIn } from "../sign-in/signed-in.ts";

/** What oidc-provider's callbacks have to know of the request, and cannot be handed through it. */
export interface OauthVisit {
  /** Who is signed in to the dashboard: the only login that the OAuth server knows. */
  readonly signedIn: SignedIn | null;
  readonly origin: RequestOrigin;
  /** Why a grant is revoked, when this request revokes one. */
  readonly revocation: "client_revoked" | "replayed";
  /** Set while a person gives a consent: nothing else writes a grant. */
  readonly consent?: {
    readonly clientName: string | null;
    readonly clientHost: string | null;
    readonly audit: AuditEntry;
  };
}

const visits = new AsyncLocalStorage<OauthVisit>();

export function withVisit<T>(visit: OauthVisit, work: () => T): T {
  return visits.run(visit, work);
}

export function currentVisit(): OauthVisit | undefined {
  return visits.getStore();
}
