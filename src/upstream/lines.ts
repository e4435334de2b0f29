import { KeywardError } from "../core/errors.ts";
import { type Peer, SHARED_PEER } from "../core/peer.ts";
import type { CallHeaders } from "../core/ports.ts";
import { parseUpstreamUrl, type ProtocolEra, type Server } from "../core/server.ts";
import type { Breaker } from "./breaker.ts";
import type { Connection } from "./era/connection.ts";
import { negotiate, type Negotiated } from "./era/negotiate.ts";
import { chooseEra, directConnection, type EraChoice, type Profiles } from "./era/profile.ts";
import type { JsonRpcError } from "./json-rpc.ts";
import type { SessionKey, SessionPool } from "./session-pool.ts";
import type { UnderWay } from "./under-way.ts";
import { createWire, type Wire, type WireParts } from "./wire.ts";

export interface LineParts {
  readonly wire: WireParts;
  readonly breaker: Breaker;
  readonly profiles: Profiles;
  readonly sessions: SessionPool;
  readonly underWay: UnderWay;
}

/** Who wants to talk to which server, and until when. */
export interface LineRequest extends SessionKey {
  /** Null = whichever is known. */
  readonly preferred: ProtocolEra | null;
  readonly signal: AbortSignal;
}

/** One caller's way to one server: the wire, and how to speak on it. */
export interface Line {
  readonly wire: Wire;
  /** The connection that the server's profile or a session gives; opened if need be. */
  connect(): Promise<Negotiated>;
  /** A new one, after the server said that it does not know the last. */
  reconnect(last: Connection): Promise<Negotiated>;
  /** Greets the server whatever is known, and keeps the session that it gives. */
  greet(): Promise<Negotiated>;
  /** Lets go of a session. */
  drop(connection: Connection): void;
}

/** @throws KeywardError `upstream_url_invalid`; from its methods what `injectHeaders` throws */
export function createLine(parts: LineParts, request: LineRequest): Line {
  const { profiles, sessions } = parts;
  const { server, call, preferred, signal } = request;
  const url = parseUpstreamUrl(server.url);
  const target = { serverId: server.id, url, call, tools: server.discovered?.tools ?? [] };
  const wireParts = { ...parts.wire, egress: parts.breaker.through(server, parts.wire.egress) };
  const isOwn = request.peer.sessionId !== null;
  const choose = (): EraChoice => chooseEra(profiles.of(server), preferred);

  const negotiateAs = async (peer: Peer, choice: EraChoice, announces: boolean): Promise<Negotiated> =>
    // The session is everyone's who asks for it at this moment: one caller's leaving must not end it for the others.
    parts.underWay.run(server.id, call, undefined, async (everyones) => {
      const wire = createWire(wireParts, { ...target, signal: everyones });
      const negotiated = await negotiate(wire, { ...choice, peer, announces });
      if (negotiated.kind === "connected") profiles.learn(server, negotiated.connection, negotiated.lacks);
      return negotiated;
    });

  const open = (choice: EraChoice, announces: boolean): Promise<Negotiated> => {
    const peer = isOwn ? request.peer : SHARED_PEER;
    return untilAborted(
      sessions.open(request, () => negotiateAs(peer, choice, announces)),
      signal,
    );
  };

  const reconnect = async (last: Connection): Promise<Negotiated> => {
    sessions.drop(request, last);
    return open({ era: last.era, isKnown: true }, true);
  };

  return {
    wire: createWire(wireParts, { ...target, signal }),
    async connect() {
      const choice = choose();
      const connection = sessions.find(request) ?? directConnection(profiles.of(server), choice);
      return connection === null ? open(choice, true) : { kind: "connected", connection, hello: {}, lacks: null };
    },
    reconnect,
    greet: () => open(choose(), !isOwn),
    drop: (connection) => sessions.drop(request, connection),
  };
}

// An unknown or missing session, by those who answer 400 (-32000 from the official SDK's examples, -32600 from others),
// and a revision that is not spoken.
const MISPLACED_CODES: ReadonlySet<number> = new Set([-32_000, -32_001, -32_600, -32_022]);
// What a modern server says to a legacy request: headers and envelope are missing.
const MODERN_CODES: ReadonlySet<number> = new Set([-32_020, -32_021, -32_602]);

/**
 * Whether the server says that a message came to it in a wrong session or a wrong era, and so was not looked at.
 * @param error null = the response had none
 */
export function isMisplaced({ era, sessionId }: Connection, status: number, error: JsonRpcError | null): boolean {
  if (error === null) {
    return status === 400 || status === 404;
  }
  if (era === "legacy" && status === 404) {
    return true;
  }
  const isOfOtherEra = era === "legacy" && sessionId === null && MODERN_CODES.has(error.code);
  return (status === 400 || status === 404) && (MISPLACED_CODES.has(error.code) || isOfOtherEra);
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new KeywardError("upstream_unreachable"));
    if (signal.aborted) {
      leave();
      return;
    }
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

export function sharedBy(server: Server, call: CallHeaders, signal: AbortSignal): LineRequest {
  return { server, call, peer: SHARED_PEER, preferred: null, signal };
}
