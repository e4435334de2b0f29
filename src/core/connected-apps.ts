import type { Requester } from "./access.ts";
import type { ClientConnections } from "./client-connections.ts";
import { KeywardError } from "./errors.ts";
import type { OauthStore } from "./oauth-port.ts";

/** Apps that people have let act for them. The store ends what was issued; what remains here is to end what is open. */
export interface ConnectedApps {
  /**
   * After it returns, no token of the app is taken, and its streams are closed.
   * @param onlyUserId whose app it must be; null = anyone's
   * @throws KeywardError `app_not_found`
   */
  revoke(id: string, onlyUserId: string | null, by: Requester): Promise<void>;
}

export function createConnectedApps(parts: {
  readonly store: Pick<OauthStore, "revokeApp">;
  /** Absent = nobody is connected. */
  readonly connections?: Pick<ClientConnections, "review">;
}): ConnectedApps {
  const { store, connections } = parts;
  return {
    async revoke(id, onlyUserId, { actor, origin }) {
      const audit = { ...origin, actor, action: "app.revoked", outcome: "ok" } as const;
      const revoked = await store.revokeApp(id, audit, "revoked", onlyUserId ?? undefined);
      if (revoked === null) {
        throw new KeywardError("app_not_found");
      }
      connections?.review();
    },
  };
}
