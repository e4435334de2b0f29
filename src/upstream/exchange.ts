import type { JsonObject, JsonValue } from "../core/json.ts";
import type { ClientMessage, ExchangeEnd, MessageSink } from "../core/ports.ts";
import type { Connection } from "./era/connection.ts";
import { protocolHeaders } from "./era/frame.ts";
import type { Negotiated } from "./era/negotiate.ts";
import { asItIs, type Outgoing, translated } from "./era/translate.ts";
import type { UpstreamLimits } from "./limits.ts";
import { createLine, isMisplaced, type Line, type LineParts, type LineRequest } from "./lines.ts";
import { MessageReader } from "./message-reader.ts";
import type { Scrubber } from "./scrub.ts";
import { REVOKED } from "./under-way.ts";
import { failureOfStatus, type Reply, type Timeouts, type WireRequest } from "./wire.ts";

/** How an exchange ended, and for the log the name of what made it fail. */
export interface Ended {
  readonly end: ExchangeEnd;
  readonly cause: string | null;
}

/** One client's message on its way. */
export interface Exchange extends LineRequest {
  readonly message: ClientMessage;
  readonly sink: MessageSink;
  readonly scrubber: Pick<Scrubber, "scrubText">;
}

const ANSWERED: Reply = { kind: "answered", response: { kind: "result", result: {} }, status: 200, sessionId: null };
const ACCEPTED: Ended = { end: { kind: "accepted" }, cause: null };
const NO_STREAM: Reply = { kind: "failed", code: "upstream_protocol", cause: null };
const MAX_RESUMES = 20;
const RESUME_AFTER_MS = 1_000;
const MAX_RESUME_AFTER_MS = 30_000;

/**
 * Sends a client's message and hands over what comes back, message by message. Where the server says that it did not
 * look at the message, because it does not know the session or the era, it is sent once more on a new connection.
 * @throws KeywardError as `injectHeaders` does, and `upstream_url_invalid`
 */
export async function exchangeMessage(parts: LineParts, exchange: Exchange): Promise<Ended> {
  const line = createLine(parts, exchange);
  const first = await line.connect();
  if (first.kind !== "connected") {
    return endedBy(first, false);
  }
  if (!isForServer(first.connection, exchange)) {
    return ACCEPTED;
  }
  const tried = await attempt(parts, line, exchange, first.connection);
  if (tried.reply.kind === "refused") {
    line.drop(first.connection);
  }
  if (!tried.isMisplaced) {
    return endedBy(tried.reply, tried.mayEndSo);
  }
  const second = await line.reconnect(first.connection);
  if (second.kind !== "connected") {
    return endedBy(second, false);
  }
  const again = await attempt(parts, line, exchange, second.connection);
  return endedBy(again.reply, again.mayEndSo);
}

/**
 * Opens the server's own stream in the session of the peer, until either side ends it.
 * @param lastEventId from where to resume; null = from now on
 */
export async function listenTo(
  parts: LineParts,
  listener: Omit<Exchange, "message">,
  lastEventId: string | null,
): Promise<Ended> {
  const line = createLine(parts, listener);
  const found = await line.connect();
  if (found.kind !== "connected" || found.connection.era === "modern" || found.connection.channel !== undefined) {
    return endedBy(found.kind === "connected" ? NO_STREAM : found, false);
  }
  const { connection } = found;
  const reader = new MessageReader({
    ...listener,
    connection,
    eventLength: parts.wire.limits.eventLength,
    responseId: undefined,
    restore: (text) => text,
    isOwn: listener.peer.sessionId !== null,
  });
  const reply = await line.wire.send(streamRequest(connection, lastEventId), reader.read);
  return endedBy(reply, true);
}

/** What belongs to one client's session means nothing in a shared one. */
function isForServer({ era, sessionId }: Connection, { message, peer }: Exchange): boolean {
  if (message.kind === "request") {
    return true;
  }
  const isOwn = peer.sessionId !== null && era === "legacy" && (sessionId !== null || message.kind === "notification");
  return isOwn || (era === "modern" && message.era === "modern");
}

interface Attempted {
  readonly reply: Reply;
  /** Whether the server said that it did not look at the message. */
  readonly isMisplaced: boolean;
  /** Whether success without a response is an end: what was sent was no request, or its stream can be resumed. */
  readonly mayEndSo: boolean;
}

async function attempt(parts: LineParts, line: Line, exchange: Exchange, connection: Connection): Promise<Attempted> {
  const { message, peer } = exchange;
  if (connection.channel !== undefined) {
    const reply = await attemptOnChannel(line, exchange, connection);
    const isLost = reply.kind === "unanswered" && isMisplaced(connection, reply.status, null);
    return { reply, isMisplaced: isLost, mayEndSo: message.kind !== "request" };
  }
  const { limits, nextId, clock } = parts.wire;
  const isOwn = peer.sessionId !== null && connection.sessionId !== null && message.era === "legacy";
  const outgoing = isOwn ? asItIs(message) : translated(message, connection, nextId);
  const reader = new MessageReader({
    ...exchange,
    connection,
    eventLength: limits.eventLength,
    responseId: message.kind === "request" ? (outgoing.id ?? clientId(message)) : undefined,
    restore: outgoing.restore,
    isOwn,
  });
  const headers = protocolHeaders(connection, message, message.tool);
  const isStream = message.method === "subscriptions/listen";
  const timeouts = isStream ? OPEN_END : timeoutsOf(limits, clock.now());
  const request: WireRequest = { method: "POST", headers, body: outgoing.text, timeouts, isStream };
  const sent = await line.wire.send(request, reader.read);
  const reply = isOwn ? sent : await resumed(parts, line, exchange, { connection, reader, timeouts }, sent);
  if (exchange.signal.aborted && !reader.isAnswered) {
    cancelAt(parts, exchange, connection, outgoing);
  }
  const isLeftToClient = isOwn && reader.lastEventId !== null;
  return { reply, isMisplaced: reader.isMisplaced, mayEndSo: message.kind !== "request" || isLeftToClient };
}

function clientId({ idText }: ClientMessage): JsonValue | undefined {
  return idText === null ? undefined : (JSON.parse(idText) as JsonValue);
}

/** 2025-11-25: a server may close a stream before its answer is there, and is then asked for the rest of it. */
async function resumed(
  parts: LineParts,
  line: Line,
  { signal }: Exchange,
  { connection, reader, timeouts }: { connection: Connection; reader: MessageReader; timeouts: Timeouts },
  first: Reply,
): Promise<Reply> {
  let reply = first;
  for (let round = 0; round < MAX_RESUMES && isBroken(reply) && reader.lastEventId !== null; round += 1) {
    await pause(parts, reader.retryMs ?? RESUME_AFTER_MS, signal);
    if (signal.aborted) break;
    const request = { ...streamRequest(connection, reader.lastEventId), timeouts };
    reply = await line.wire.send(request, reader.read);
  }
  return reply;
}

/** Whether a stream ended, cleanly or not, without the response. One that was silent for too long has not ended. */
function isBroken(reply: Reply): boolean {
  return reply.kind === "unanswered"
    ? reply.status === 200
    : reply.kind === "failed" && reply.code === "upstream_unreachable" && !TIMEOUTS.has(reply.cause);
}

const TIMEOUTS: ReadonlySet<string | null> = new Set(["TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

function pause({ wire: { clock } }: LineParts, forMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) {
    return Promise.resolve();
  }
  const cancel = clock.schedule(Math.min(forMs, MAX_RESUME_AFTER_MS), () => {
    signal.removeEventListener("abort", leave);
    resolve();
  });
  const leave = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", leave, { once: true });
  return promise;
}

/**
 * A legacy server takes a closed connection for an accident, so it is told. Not awaited: whoever cancels has left. It
 * carries the same values as the request, so it is not sent when they were revoked meanwhile (promise P8).
 */
function cancelAt(parts: LineParts, exchange: Exchange, connection: Connection, { id }: Outgoing): void {
  const { server, call, signal } = exchange;
  if (id === null || connection.era === "modern" || signal.reason === REVOKED) {
    return;
  }
  const message = { method: "notifications/cancelled", params: { requestId: id, reason: "The client has left." } };
  parts.underWay
    .run(server.id, call, undefined, (fresh) =>
      createLine(parts, { ...exchange, signal: fresh }).wire.tell(connection, message),
    )
    .catch(() => {});
}

function streamRequest({ protocolVersion, sessionId }: Connection, lastEventId: string | null): WireRequest {
  const headers = new Map([
    ["accept", "text/event-stream"],
    ["accept-encoding", "identity"],
  ]);
  if (protocolVersion !== null) headers.set("mcp-protocol-version", protocolVersion);
  if (sessionId !== null) headers.set("mcp-session-id", sessionId);
  if (lastEventId !== null) headers.set("last-event-id", lastEventId);
  return { method: "GET", headers, body: null, timeouts: OPEN_END };
}

/** What only listens is silent for as long as the server has nothing to say. */
const OPEN_END: Timeouts = { headersTimeoutMs: 0, idleTimeoutMs: 0, totalMs: null };

function timeoutsOf({ callTimeoutMs, exchangeTimeoutMs }: UpstreamLimits, now: number): Timeouts {
  const each = { headersTimeoutMs: callTimeoutMs, idleTimeoutMs: callTimeoutMs, totalMs: callTimeoutMs };
  return { ...each, until: now + exchangeTimeoutMs };
}

function endedBy(reply: Reply | Exclude<Negotiated, { kind: "connected" }>, mayEndSo: boolean): Ended {
  switch (reply.kind) {
    case "answered":
      return { end: { kind: "answered" }, cause: null };
    case "refused":
      return { end: { kind: "refused" }, cause: null };
    case "unanswered":
      return mayEndSo && reply.status < 300
        ? ACCEPTED
        : { end: { kind: "failed", code: failureOfStatus(reply.status) }, cause: `HTTP_${reply.status}` };
    case "failed":
      return { end: { kind: "failed", code: reply.code }, cause: reply.cause };
  }
}

/**
 * A message on the stream of a server of 2024-11-05: its answer comes whole, and is all that comes. What such a server
 * says besides, on a stream that everything shares, is not told apart.
 */
async function attemptOnChannel(line: Line, exchange: Exchange, connection: Connection): Promise<Reply> {
  const { message, sink, scrubber } = exchange;
  const sent = { method: message.method, params: message.params };
  if (message.kind !== "request") {
    return message.kind === "notification" ? line.wire.tell(connection, sent) : ANSWERED;
  }
  const reply = await line.wire.ask(connection, sent);
  if (reply.kind === "answered") {
    const { response } = reply;
    const answer = response.kind === "result" ? { result: response.result } : { error: { ...response.error } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: clientId(message) ?? null, ...answer });
    const text = scrubber.scrubText(body);
    const parsed = JSON.parse(text) as JsonObject;
    await sink({ kind: "response", text, message: parsed, era: connection.era, status: reply.status, event: null });
  }
  return reply;
}
