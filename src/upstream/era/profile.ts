import type { ProtocolEra, Server } from "../../core/server.ts";
import { BoundedMap } from "../bounded-map.ts";
import { type Connection, LEGACY_VERSIONS, MODERN_START } from "./connection.ts";

/** What is known of how a server speaks, so that a call needs no handshake to find out. */
export interface Profile {
  readonly era: ProtocolEra;
  readonly protocolVersion: string;
  /** Whether the server wants a session. */
  readonly isStateful: boolean;
}

export interface Profiles {
  /** What was learned since the server's last change, otherwise what its last verification found; null = nothing. */
  of(server: Server): Profile | null;
  /** @param connection the one that a negotiation ended with */
  learn(server: Server, connection: Connection): void;
}

interface Entry {
  readonly version: number;
  readonly profile: Profile;
}

const MAX_SERVERS = 10_000;

export function createProfiles(): Profiles {
  const entries = new BoundedMap<string, Entry>(MAX_SERVERS);
  return {
    of(server) {
      const entry = entries.get(server.id);
      return entry?.version === server.version ? entry.profile : discoveredProfile(server);
    },
    learn(server, { era, protocolVersion, sessionId }) {
      if (protocolVersion !== null) {
        const profile = { era, protocolVersion, isStateful: sessionId !== null };
        entries.set(server.id, { version: server.version, profile });
      }
    },
  };
}

/** A stored profile of a revision that this version of Keyward does not speak is no profile. */
function discoveredProfile({ discovered }: Server): Profile | null {
  if (discovered === null) {
    return null;
  }
  const { era, protocolVersion, isStateful } = discovered;
  const isSpoken =
    era === "modern" ? protocolVersion === MODERN_START.protocolVersion : LEGACY_VERSIONS.has(protocolVersion);
  return isSpoken ? { era, protocolVersion, isStateful } : null;
}

/** The connection that a profile gives without asking the server; null when a session has to be opened. */
export function directConnection({ era, protocolVersion, isStateful }: Profile): Connection | null {
  return isStateful ? null : { era, protocolVersion, sessionId: null };
}
