import { CLIENT_INFO, type Peer, SHARED_PEER } from "../../core/peer.ts";
import type { Scope } from "../exchange.ts";
import type { SessionFacts } from "./session-id.ts";

/**
 * Who a server hears from: on `/mcp/<server>` the client itself, in a session of its own. On `/mcp` a client talks to many
 * servers at once, and without a session there is nobody to ask back: then the identity's calls share what there is.
 */
export function peerOf({ scope, session }: { readonly scope: Scope; readonly session: SessionFacts | null }): Peer {
  return scope.kind === "all" || session === null ? SHARED_PEER : ownPeer(session);
}

export function ownPeer({ id, protocolVersion, capabilities, clientInfo: { name, version } }: SessionFacts): Peer {
  const clientInfo = name === null ? CLIENT_INFO : { name, version: version ?? "0" };
  return { sessionId: id, protocolVersion, capabilities, clientInfo };
}
