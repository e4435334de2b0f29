import type { Clock } from "../../core/ports.ts";
import type { ProtocolEra, Server } from "../../core/server.ts";
import { BoundedMap } from "../bounded-map.ts";
import { type Connection, LEGACY_VERSIONS, MODERN_START } from "./connection.ts";

/** What is known of how a server speaks, so that a call needs no handshake to find out. Absent = not tried yet. */
export interface Profile {
  /** Null = it does not speak a legacy revision. */
  readonly legacy?: LegacyProfile | null;
  readonly isModern?: boolean;
}

interface LegacyProfile {
  readonly protocolVersion: string;
  /** Whether the server wants a session. */
  readonly isStateful: boolean;
}

/** Which era to speak, and whether the server is known to. */
export interface EraChoice {
  readonly era: ProtocolEra;
  readonly isKnown: boolean;
}

export interface Profiles {
  /** What was learned since the server's last change, and otherwise what its last verification found. */
  of(server: Server): Profile;
  /** @param connection the one that a negotiation ended with; @param lacks the era that it ruled out */
  learn(server: Server, connection: Connection, lacks: ProtocolEra | null): void;
}

interface Entry {
  readonly version: number;
  readonly at: number;
  readonly profile: Profile;
}

const MAX_SERVERS = 10_000;
/** A server may be upgraded without a word. */
const MAX_AGE_MS = 86_400_000;

export function createProfiles(clock: Clock): Profiles {
  const entries = new BoundedMap<string, Entry>(MAX_SERVERS);
  const known = (server: Server): Profile => {
    const entry = entries.get(server.id);
    const isCurrent = entry?.version === server.version && clock.now() - entry.at < MAX_AGE_MS;
    return isCurrent ? entry.profile : discoveredProfile(server);
  };
  return {
    of: known,
    learn(server, { era, protocolVersion, sessionId }, lacks) {
      if (protocolVersion === null) {
        return;
      }
      const found: Profile =
        era === "modern" ? { isModern: true } : { legacy: { protocolVersion, isStateful: sessionId !== null } };
      const missing: Profile = lacks === null ? {} : lacks === "modern" ? { isModern: false } : { legacy: null };
      const profile = { ...known(server), ...missing, ...found };
      entries.set(server.id, { version: server.version, at: clock.now(), profile });
    },
  };
}

/** A stored profile of a revision that this version of Keyward does not speak is no profile. */
function discoveredProfile({ discovered }: Server): Profile {
  if (discovered === null) {
    return {};
  }
  const { era, protocolVersion, isStateful } = discovered;
  if (era === "modern") {
    return protocolVersion === MODERN_START.protocolVersion ? { isModern: true } : {};
  }
  // A verification asks in the modern era first.
  return LEGACY_VERSIONS.has(protocolVersion) ? { legacy: { protocolVersion, isStateful }, isModern: false } : {};
}

/**
 * The client's era if the server speaks it or was never asked, so that nothing has to be translated; otherwise the other.
 * @param preferred null = whichever is known, and the modern one before
 */
export function chooseEra({ legacy, isModern }: Profile, preferred: ProtocolEra | null): EraChoice {
  const isLegacy = legacy === undefined ? undefined : legacy !== null;
  if (preferred === "legacy") {
    return isLegacy === false
      ? { era: "modern", isKnown: isModern === true }
      : { era: "legacy", isKnown: isLegacy === true };
  }
  if (preferred === null && isModern === undefined && isLegacy === true) {
    return { era: "legacy", isKnown: true };
  }
  return isModern === false
    ? { era: "legacy", isKnown: isLegacy === true }
    : { era: "modern", isKnown: isModern === true };
}

/** The connection that a profile gives without asking the server; null when a session has to be opened. */
export function directConnection({ legacy }: Profile, { era, isKnown }: EraChoice): Connection | null {
  if (!isKnown) {
    return null;
  }
  if (era === "modern") {
    return MODERN_START;
  }
  const { protocolVersion = "", isStateful = true } = legacy ?? {};
  return isStateful ? null : { era, protocolVersion, sessionId: null };
}
