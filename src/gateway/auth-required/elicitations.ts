import type { AuthRequired } from "../../core/auth-required.ts";
import type { Completions } from "../../core/completions.ts";
import { type Identity, identityKey } from "../../core/identity.ts";
import type { LiveSessions } from "../session/live-sessions.ts";
import type { SessionFacts } from "../session/session-id.ts";
import { elicitationComplete } from "./url-elicitation.ts";

/** Who waits to be told that a link has done its work (2025-11-25, `notifications/elicitation/complete`). */
export interface Elicitations {
  /**
   * Remembers to tell a session once values are stored.
   * @returns false when it has no open stream to be told on: a client that waits for the notification would never go on
   */
  expect(session: SessionFacts, identity: Identity, required: readonly AuthRequired[]): boolean;
}

const MAX_EXPECTED = 10_000;
/** Sessions that wait for the same; no identity has more streams to be told on. */
const MAX_SESSIONS = 20;

export function createElicitations(parts: {
  readonly sessions: Pick<LiveSessions, "of" | "send">;
  readonly completions: Pick<Completions, "subscribe">;
}): Elicitations {
  const { sessions, completions } = parts;
  // By what is waited for: each session with the elicitation that it was told of.
  const expected = new Map<string, Map<string, string>>();

  completions.subscribe(({ identity, serverId }) => {
    const key = keyOf(identity, serverId);
    for (const [sessionId, elicitationId] of expected.get(key) ?? []) {
      sessions.send(sessionId, elicitationComplete(elicitationId));
    }
    expected.delete(key);
  });

  function remember(session: SessionFacts, identity: Identity, { serverId, flowId }: AuthRequired): void {
    const key = keyOf(identity, serverId);
    const waiting = expected.get(key) ?? new Map<string, string>();
    putLast(waiting, session.id, flowId, MAX_SESSIONS);
    putLast(expected, key, waiting, MAX_EXPECTED);
  }

  return {
    expect(session, identity, required) {
      if (sessions.of(session, identity).streams.length === 0) {
        return false;
      }
      required.forEach((one) => remember(session, identity, one));
      return true;
    },
  };
}

/** Beyond `max`, whoever was put first goes. */
function putLast<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) {
    map.delete(oldest);
  }
}

function keyOf(identity: Identity, serverId: string): string {
  return `${serverId}/${identityKey(identity)}`;
}
