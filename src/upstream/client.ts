import { KeywardError } from "../core/errors.ts";
import type { CallHeaders, McpAnswer, McpMessage } from "../core/ports.ts";
import { parseUpstreamUrl, type ProtocolEra, type Server } from "../core/server.ts";
import type { Breaker } from "./breaker.ts";
import type { Connection } from "./era/connection.ts";
import { negotiate, type Negotiated } from "./era/negotiate.ts";
import { directConnection, type Profiles } from "./era/profile.ts";
import type { SessionPool } from "./session-pool.ts";
import type { UnderWay } from "./under-way.ts";
import { createWire, failureOfStatus, type Reply, type WireParts } from "./wire.ts";

export interface ClientParts {
  readonly wire: WireParts;
  readonly breaker: Breaker;
  readonly profiles: Profiles;
  readonly sessions: SessionPool;
  readonly underWay: UnderWay;
}

/** What a call came to: its answer, and for the log the name of what made it fail. */
export interface Outcome {
  readonly answer: McpAnswer;
  readonly cause: string | null;
}

/**
 * Sends one message on the connection that the server's profile or session gives. When the server turns out not to know
 * that session or not to speak that era any more, it is negotiated with anew and the message is sent once more: a server
 * that says so has not looked at the message.
 *
 * @throws KeywardError `internal`, `invalid_header_value` when the headers may not go to the server's URL;
 *   `upstream_url_invalid`
 */
export async function sendMessage(
  parts: ClientParts,
  server: Server,
  call: CallHeaders,
  message: McpMessage,
  signal: AbortSignal,
): Promise<Outcome> {
  const { profiles, sessions } = parts;
  const url = parseUpstreamUrl(server.url);
  const tools = server.discovered?.tools ?? [];
  const wireParts = { ...parts.wire, egress: parts.breaker.through(server, parts.wire.egress) };
  const wire = createWire(wireParts, { serverId: server.id, url, call, signal, tools });
  const exchange = (connection: Connection): Promise<Reply> =>
    message.method.startsWith("notifications/") ? wire.tell(connection, message) : wire.ask(connection, message);

  const open = (known: ProtocolEra | null): Promise<Negotiated> => {
    // The session is everyone's who asks for it at this moment: one caller's leaving must not end it for the others.
    const connect = (): Promise<Negotiated> =>
      parts.underWay.run(server.id, call, undefined, async (everyones) => {
        const target = { serverId: server.id, url, call, signal: everyones, tools };
        const negotiated = await negotiate(createWire(wireParts, target), known);
        if (negotiated.kind === "connected") profiles.learn(server, negotiated.connection);
        return negotiated;
      });
    return untilAborted(sessions.open(server, call, connect), signal);
  };

  const profile = profiles.of(server);
  const direct = profile === null ? null : directConnection(profile);
  const first: Negotiated =
    direct === null ? await open(profile?.era ?? null) : { kind: "connected", connection: direct, hello: {} };
  if (first.kind !== "connected") {
    return outcomeOf(first);
  }
  const reply = await exchange(first.connection);
  if (reply.kind === "refused") {
    sessions.drop(server, call, first.connection);
  }
  if (!isMisplaced(first.connection, reply)) {
    return outcomeOf(reply);
  }
  sessions.drop(server, call, first.connection);
  const second = await open(first.connection.era);
  return outcomeOf(second.kind === "connected" ? await exchange(second.connection) : second);
}

// An unknown or missing session, by those who answer 400 (-32000 from the official SDK's examples, -32600 from others),
// and a revision that is not spoken.
const MISPLACED_CODES: ReadonlySet<number> = new Set([-32_000, -32_001, -32_600, -32_022]);
// What a modern server says to a legacy request: headers and envelope are missing.
const MODERN_CODES: ReadonlySet<number> = new Set([-32_020, -32_021, -32_602]);

/** Whether the server says that the message came to it in a wrong session or a wrong era, and so was not looked at. */
function isMisplaced({ era, sessionId }: Connection, reply: Reply): boolean {
  if (reply.kind === "unanswered") {
    return reply.status === 400 || reply.status === 404;
  }
  if (reply.kind !== "answered" || reply.response.kind !== "error") {
    return false;
  }
  const { code } = reply.response.error;
  if (era === "legacy" && reply.status === 404) {
    return true;
  }
  const isOfOtherEra = era === "legacy" && sessionId === null && MODERN_CODES.has(code);
  return (reply.status === 400 || reply.status === 404) && (MISPLACED_CODES.has(code) || isOfOtherEra);
}

function outcomeOf(reply: Reply | Exclude<Negotiated, { kind: "connected" }>): Outcome {
  switch (reply.kind) {
    case "answered":
      return { answer: reply.response, cause: null };
    case "refused":
      return { answer: { kind: "refused" }, cause: null };
    case "unanswered":
      return { answer: { kind: "failed", code: failureOfStatus(reply.status) }, cause: `HTTP_${reply.status}` };
    case "failed":
      return { answer: { kind: "failed", code: reply.code }, cause: reply.cause };
  }
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
