import type { AuthRequired } from "../../core/auth-required.ts";
import type { Completions } from "../../core/completions.ts";
import { bindingKey } from "../../core/credential.ts";
import type { Identity } from "../../core/identity.ts";
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

/** Who waits for values of one binding. */
interface Expectation {
  /** Each session with the elicitation that it was told of. */
  readonly waiting: Map<string, string>;
  /** No more values are to be looked for. */
  readonly leave: () => void;
}

const MAX_EXPECTED = 10_000;
/** Sessions that wait for the same; no identity has more streams to be told on. */
const MAX_SESSIONS = 20;

export function createElicitations(parts: {
  readonly sessions: Pick<LiveSessions, "of" | "send">;
  readonly completions: Pick<Completions, "subscribe" | "attend">;
}): Elicitations {
  const { sessions, completions } = parts;
  const expected = new Map<string, Expectation>();

  completions.subscribe((binding) => {
    const key = bindingKey(binding);
    const expectation = expected.get(key);
    expected.delete(key);
    expectation?.leave();
    for (const [sessionId, elicitationId] of expectation?.waiting ?? []) {
      sessions.send(sessionId, elicitationComplete(elicitationId));
    }
  });

  function remember(session: SessionFacts, identity: Identity, { serverId, flowId, expiresAt }: AuthRequired): void {
    const key = bindingKey({ identity, serverId });
    const before = expected.get(key);
    before?.leave();
    const waiting = before?.waiting ?? new Map<string, string>();
    putLast(waiting, session.id, flowId, MAX_SESSIONS);
    putLast(expected, key, { waiting, leave: completions.attend(expiresAt) }, MAX_EXPECTED)?.leave();
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

/** Beyond `max`, whoever was put first goes. @returns who went */
function putLast<V>(map: Map<string, V>, key: string, value: V, max: number): V | undefined {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map;
  if (map.size <= max || oldest === undefined) {
    return undefined;
  }
  map.delete(oldest[0]);
  return oldest[1];
}
