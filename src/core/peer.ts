import type { JsonObject } from "./json.ts";

/**
 * For whom a line to a server stands: the client of one downstream session, which gets an upstream session of its own
 * with its own capabilities; or the identity as such, whose calls share one that declares none.
 */
export interface Peer {
  /** Names the downstream session; null = shared. */
  readonly sessionId: string | null;
  /** What `initialize` asks for. */
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly clientInfo: JsonObject;
}

/** How Keyward introduces itself to servers. */
export const CLIENT_INFO: JsonObject = { name: "keyward", version: "1" };

/** An identity's calls as such. Nothing is declared, so a server asks for nothing that nobody could answer. */
export const SHARED_PEER: Peer = {
  sessionId: null,
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: CLIENT_INFO,
};
