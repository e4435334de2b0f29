import type { Vault, Random } from "./ports.ts";
import type { Secret } from "./secret.ts";
import type { FlowStore, SubmissionFlow } from "./flow-port.ts";
import type { ServerStore } from "./server-port.ts";
import { mintToken, parseToken } from "./token.ts";

/** The only scope there is: it opens one flow, to look at it and to submit into it. */
export const HEADERS_AUTH_SCOPE = "mcp_headers_auth";

/** At most this many links of one flow carry a live token. */
const MAX_LIVE_TEMP_TOKENS = 3;

interface Route {
  readonly method: string;
  /** `{id}` stands for the token's resource. */
  readonly path: string;
}

const ROUTES: ReadonlyMap<string, readonly Route[]> = new Map([
  [
    HEADERS_AUTH_SCOPE,
    [
      { method: "GET", path: "/api/v1/flows/{id}" },
      { method: "PUT", path: "/api/v1/flows/{id}" },
      { method: "GET", path: "/api/v1/flows/{id}/status" },
    ],
  ],
]);

/** Method and raw path of a request, as they came over the wire: not decoded, without the query. */
export interface RequestedRoute {
  readonly method: string;
  readonly path: string;
}

/**
 * Whether a scope opens a route. The raw path is compared for equality: a decoded one could satisfy the list while
 * `..%2f` routes elsewhere.
 */
export function isRouteInScope(scope: string, resourceId: string, requested: RequestedRoute): boolean {
  return (ROUTES.get(scope) ?? []).some(
    (route) => route.method === requested.method && route.path.replace("{id}", resourceId) === requested.path,
  );
}

/** Mints and checks the short-lived secrets that links carry in their fragment. */
export interface TempTokenService {
  /** @returns null where policy forbids a link that alone suffices, or the flow has its live tokens already */
  mintForFlow(flow: SubmissionFlow): Promise<Secret<string> | null>;
  /** @returns the flow that the token opens on this route, or null: wrong, unknown, expired, or for another route */
  flowIdFor(text: string, requested: RequestedRoute): Promise<string | null>;
}

export function createTempTokenService(parts: {
  readonly store: Pick<FlowStore, "addTempToken" | "findTempToken"> & Pick<ServerStore, "findServer">;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  /** `KEYWARD_TEMP_TOKEN_LINKS`. */
  readonly areLinksEnabled: boolean;
}): TempTokenService {
  const { store, vault, random, areLinksEnabled } = parts;

  async function mayMint(flow: SubmissionFlow): Promise<boolean> {
    // A `user` flow is opened by that user's sign-in and by nothing else (Bifrost PR 3841).
    if (!areLinksEnabled || flow.identity.mode === "user") {
      return false;
    }
    return (await store.findServer(flow.serverId))?.linkPolicy === "inherit";
  }

  return {
    async mintForFlow(flow) {
      if (!(await mayMint(flow))) {
        return null;
      }
      const { secret } = mintToken("temp_token", random);
      const isAdded = await store.addTempToken({
        digest: vault.digest("temp_token", secret),
        scope: HEADERS_AUTH_SCOPE,
        flowId: flow.id,
        maxLive: MAX_LIVE_TEMP_TOKENS,
      });
      return isAdded ? secret : null;
    },

    async flowIdFor(text, requested) {
      const token = areLinksEnabled ? parseToken("temp_token", text) : null;
      const found = token === null ? null : await store.findTempToken(vault.digest("temp_token", token.secret));
      return found !== null && isRouteInScope(found.scope, found.resourceId, requested) ? found.resourceId : null;
    },
  };
}
