import { type Identity, identityKey } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Clock } from "../../core/ports.ts";
import type { EventStream } from "../stream/event-stream.ts";
import { createReplays } from "../stream/replay.ts";
import { type Attachment, LiveSession } from "./live-session.ts";
import { MAX_SESSION_AGE_MS, type SessionFacts } from "./session-id.ts";

/** Bounds of what is remembered; each has the default that the documentation names. */
interface LiveSessionLimits {
  readonly sessions: number;
  readonly sessionsOfIdentity: number;
  readonly streamsOfIdentity: number;
  /** Since the last request, in milliseconds. */
  readonly idleMs: number;
  /** How many ended sessions are remembered. */
  readonly ended: number;
}

const LIMITS: LiveSessionLimits = {
  sessions: 10_000,
  sessionsOfIdentity: 20,
  streamsOfIdentity: 20,
  idleMs: 30 * 60_000,
  ended: 10_000,
};

/**
 * What this process knows of sessions beside what their ids say: open streams, requests under way, and which ones ended.
 * All of it may be forgotten, and a session goes on: it is made anew when the next request comes. There is no timer. What
 * is idle goes when it is looked at or when room is needed.
 */
export interface LiveSessions {
  /** The session of an authentic id, made when there is none. `isEnded` is asked first. */
  of(facts: SessionFacts, identity: Identity): LiveSession;
  /** The client has ended it: its streams end, its requests are aborted, its id is refused from now on. */
  end(sessionId: string): void;
  /** Whether a session was ended here; remembered as long as its id could be used. */
  isEnded(sessionId: string): boolean;
  /** Open streams of all sessions of an identity, by its `identityKey`. */
  streamsOf(owner: string): readonly EventStream[];
  /** Sends a message on the session's newest stream. @returns false when none is open; it is then kept to be resumed */
  send(sessionId: string, message: JsonObject): boolean;
  /** How many sessions this process knows something of. */
  readonly size: number;
  /**
   * Opens a stream of a session, resuming `lastEventId`.
   * @param open starts the answer; not called when there is no room
   * @returns null when the identity has as many streams as it may have
   */
  attach(
    session: LiveSession,
    lastEventId: string | null,
    open: (attachment: Attachment) => EventStream,
  ): EventStream | null;
}

export function createLiveSessions(parts: {
  readonly clock: Clock;
  readonly limits?: Partial<LiveSessionLimits>;
}): LiveSessions {
  const { clock } = parts;
  const limits = { ...LIMITS, ...parts.limits };
  const beginReplay = createReplays(clock);
  // The least recently used first, in both: of all, and of each identity.
  const sessions = new Map<string, LiveSession>();
  const byIdentity = new Map<string, Map<string, LiveSession>>();
  const ended = new Map<string, number>();

  function isIdle(session: LiveSession): boolean {
    return !session.isBusy && clock.now() - session.usedAt > limits.idleMs;
  }

  function remove(session: LiveSession): void {
    const { id } = session.facts;
    sessions.delete(id);
    const own = byIdentity.get(session.owner);
    own?.delete(id);
    if (own?.size === 0) {
      byIdentity.delete(session.owner);
    }
  }

  function forget(session: LiveSession): void {
    remove(session);
    session.forget();
  }

  function end(session: LiveSession): void {
    remove(session);
    session.end();
  }

  function dropIdle(candidates: Iterable<LiveSession>): void {
    for (const session of candidates) {
      if (!isIdle(session)) {
        return;
      }
      forget(session);
    }
  }

  /** An identity makes room among its own sessions first, so that it cannot push out another's (abuse case A44). */
  function makeRoom(owner: string): void {
    const own = byIdentity.get(owner) ?? new Map<string, LiveSession>();
    dropIdle(own.values());
    dropIdle(sessions.values());
    const isFull = sessions.size >= limits.sessions;
    if (own.size >= limits.sessionsOfIdentity || (isFull && own.size > 0)) {
      dropFirst(own);
    } else if (isFull) {
      dropFirst(sessions);
    }
  }

  function dropFirst(candidates: ReadonlyMap<string, LiveSession>): void {
    const [oldest] = candidates.values();
    const quiet = candidates.values().find((session) => !session.isBusy);
    const victim = quiet ?? oldest;
    if (victim !== undefined) {
      forget(victim);
    }
  }

  function use(session: LiveSession): LiveSession {
    const { id } = session.facts;
    const own = byIdentity.get(session.owner) ?? new Map<string, LiveSession>();
    byIdentity.set(session.owner, own);
    for (const map of [sessions, own]) {
      map.delete(id);
      map.set(id, session);
    }
    session.usedAt = clock.now();
    return session;
  }

  function streamsOf(owner: string): readonly EventStream[] {
    return [...(byIdentity.get(owner)?.values() ?? [])].flatMap((session) => session.streams);
  }

  return {
    of(facts, identity) {
      const known = sessions.get(facts.id);
      if (known !== undefined && !isIdle(known)) {
        return use(known);
      }
      if (known !== undefined) {
        forget(known);
      }
      const owner = identityKey(identity);
      makeRoom(owner);
      return use(new LiveSession(facts, owner, beginReplay()));
    },

    end(sessionId) {
      const session = sessions.get(sessionId);
      if (session !== undefined) {
        end(session);
      }
      ended.delete(sessionId);
      ended.set(sessionId, clock.now());
      const [oldest] = ended.keys();
      if (ended.size > limits.ended && oldest !== undefined) {
        ended.delete(oldest);
      }
    },

    isEnded(sessionId) {
      const endedAt = ended.get(sessionId);
      if (endedAt !== undefined && clock.now() - endedAt > MAX_SESSION_AGE_MS) {
        ended.delete(sessionId);
      }
      return ended.has(sessionId);
    },

    streamsOf,

    send(sessionId, message) {
      return sessions.get(sessionId)?.send(JSON.stringify(message)) ?? false;
    },

    get size() {
      return sessions.size;
    },

    attach(session, lastEventId, open) {
      return streamsOf(session.owner).length >= limits.streamsOfIdentity ? null : session.attach(lastEventId, open);
    },
  };
}
