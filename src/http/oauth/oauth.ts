import type { Clock } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import type { SignIns } from "../sign-in/signed-in.ts";
import { createConsents, type Consents } from "./consents.ts";
import { createOauthLimits } from "./limits.ts";
import { createProviderLoader, type LoadProvider } from "./load-provider.ts";
import { createOauthHandler, type OauthHandler } from "./mount.ts";
import type { ProviderParts } from "./provider.ts";
import { createOauthRecords } from "./records.ts";
import { currentVisit } from "./visit.ts";

interface OauthParts extends Omit<ProviderParts, "mayReadDocument" | "sessionUid" | "records"> {
  readonly signIns: SignIns;
  readonly clock: Clock;
}

/** The gateway as OAuth 2.1 authorization server of its own `/mcp`, so that MCP clients connect by URL alone. */
export interface Oauth {
  /** Answers every path of `isOauthPath`. */
  readonly handle: OauthHandler;
  readonly consents: Consents;
  /** The library beneath. */
  readonly loadProvider: LoadProvider;
}

export function createOauth(parts: OauthParts): Oauth {
  const { vault, clock } = parts;
  const limits = createOauthLimits(clock);
  const records = createOauthRecords(vault);
  const sessionUid = (sessionId: string): string => vault.digest("oauth_session", new Secret(sessionId));
  const loadProvider = createProviderLoader({
    ...parts,
    records,
    sessionUid,
    mayReadDocument: (clientId) => limits.takeDocument(new URL(clientId).host, currentVisit()?.origin.address ?? null),
  });
  return {
    loadProvider,
    handle: createOauthHandler({ ...parts, loadProvider, limits }),
    consents: createConsents({ ...parts, loadProvider, records, sessionUid }),
  };
}
