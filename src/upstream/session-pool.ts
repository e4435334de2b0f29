import { identityKey } from "../core/identity.ts";
import type { Peer } from "../core/peer.ts";
import type { CallHeaders, Clock } from "../core/ports.ts";
import type { Server } from "../core/server.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Connection } from "./era/connection.ts";
import type { Negotiated } from "./era/negotiate.ts";

/** Whose session it is, and for which values. */
export interface SessionKey {
  readonly server: Server;
  readonly call: CallHeaders;
  readonly peer: Peer;
}

/**
 * Upstream sessions, each used for exactly one identity and credential version, and where the client has a session with
 * Keyward, for that one alone. A server that is given one caller's session id and another's key may well run the call as
 * the session's owner, so a session is never shared between credentials (IBM mcp-context-forge#2055), and a new version
 * of a credential starts a new one.
 *
 * It holds session ids and no header values. A session that is let go is therefore not ended by a DELETE, which would
 * have to carry the values after they may have been revoked (promise P8): it ends by the server's own idle time.
 */
export interface SessionPool {
  /**
   * The session for these headers. However many calls ask at once, `connect` runs once, and its outcome is everyone's;
   * an outcome without a session is not kept.
   */
  open(key: SessionKey, connect: () => Promise<Negotiated>): Promise<Negotiated>;
  /** The session if it stands already. */
  find(key: SessionKey): Connection | null;
  /** Lets go of a session that the server no longer knows. A newer one under the same key stays. */
  drop(key: SessionKey, connection: Connection): void;
  forgetCredential(credentialId: string): void;
  forgetServer(serverId: string): void;
  clear(): void;
  readonly size: number;
}

interface Entry {
  readonly serverId: string;
  readonly credentialId: string | null;
  readonly negotiated: Promise<Negotiated>;
  connection: Connection | null;
  lastUsedAt: number;
}

export interface SessionPoolOptions {
  readonly clock: Clock;
  readonly maxSessions: number;
  readonly idleMs: number;
}

export function createSessionPool({ clock, maxSessions, idleMs }: SessionPoolOptions): SessionPool {
  const entries = new BoundedMap<string, Entry>(maxSessions);

  const forget = (matches: (entry: Entry) => boolean): void => {
    for (const [key, entry] of entries.entries()) {
      if (matches(entry)) entries.delete(key);
    }
  };

  const start = (key: string, { server, call }: SessionKey, connect: () => Promise<Negotiated>): Entry => {
    const entry: Entry = {
      serverId: server.id,
      credentialId: call.credential?.id ?? null,
      negotiated: connect(),
      connection: null,
      lastUsedAt: clock.now(),
    };
    entries.set(key, entry);
    const dropIfCurrent = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    entry.negotiated.then((negotiated) => {
      if (negotiated.kind === "connected" && negotiated.connection.sessionId !== null) {
        entry.connection = negotiated.connection;
      } else {
        dropIfCurrent();
      }
    }, dropIfCurrent);
    return entry;
  };

  const live = (key: string): Entry | null => {
    const entry = entries.get(key);
    const now = clock.now();
    if (entry === undefined || now - entry.lastUsedAt >= idleMs) {
      return null;
    }
    entry.lastUsedAt = now;
    return entry;
  };

  return {
    open(owner, connect) {
      const key = textOf(owner);
      return (live(key) ?? start(key, owner, connect)).negotiated;
    },
    find: (owner) => live(textOf(owner))?.connection ?? null,
    drop(owner, connection) {
      const key = textOf(owner);
      if (entries.get(key)?.connection === connection) {
        entries.delete(key);
      }
    },
    forgetCredential: (credentialId) => forget((entry) => entry.credentialId === credentialId),
    forgetServer: (serverId) => forget((entry) => entry.serverId === serverId),
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

/**
 * The server's version is in it because its static headers and its URL go with the version; the identity, because a server
 * without per-user headers keeps state in its sessions too (promise P14).
 */
function textOf({ server, call: { credential, identity }, peer }: SessionKey): string {
  return JSON.stringify([
    peer.sessionId,
    server.id,
    server.version,
    identity === null ? null : identityKey(identity),
    credential === null ? null : [credential.id, credential.version],
  ]);
}
