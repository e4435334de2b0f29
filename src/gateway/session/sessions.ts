import type { Identity } from "../../core/identity.ts";
import type { Clock, Random, Vault } from "../../core/ports.ts";
import type { Client } from "../negotiate.ts";
import type { RpcId } from "../jsonrpc.ts";
import { createLiveSessions, type LiveSessions } from "./live-sessions.ts";
import { createSessionIds, type SessionFacts } from "./session-id.ts";

/** The sessions of legacy clients: what their ids say, and what this process knows besides. */
export interface Sessions {
  readonly live: LiveSessions;
  /** @returns the value of `Mcp-Session-Id`, and what it says */
  issue(identity: Identity, scope: string, client: Client): { readonly header: string; readonly facts: SessionFacts };
  /** @returns null for an id that is unknown, another's, too old, or of a session that was ended: one answer for all */
  find(identity: Identity, scope: string, header: string): SessionFacts | null;
  /** Lets `notifications/cancelled` of the session reach a request. @returns to be called when it is answered */
  track(session: SessionFacts, identity: Identity, requestId: RpcId, controller: AbortController): () => void;
}

export function createSessions(parts: {
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  readonly random: Random;
}): Sessions {
  const ids = createSessionIds(parts);
  const live = createLiveSessions(parts);
  return {
    live,
    issue: (identity, scope, { revision, capabilities, name, version }) =>
      ids.issue(identity, {
        scope,
        protocolVersion: revision ?? "",
        capabilities,
        clientInfo: { ...(name === null ? {} : { name }), ...(version === null ? {} : { version }) },
      }),
    find(identity, scope, header) {
      const facts = ids.read(identity, scope, header);
      return facts === null || live.isEnded(facts.id) ? null : facts;
    },
    track: (session, identity, requestId, controller) => live.of(session, identity).track(requestId, controller),
  };
}
