import type { McpMessage } from "../../core/ports.ts";
import type { EgressResponse } from "../egress/receiver.ts";
import type { Connection } from "../era/connection.ts";
import { frame } from "../era/frame.ts";
import { injectHeaders } from "../inject.ts";
import { isAuthError } from "../json-rpc.ts";
import type { NoAnswer, Reply, Timeouts, Wire, WireParts, WireTarget } from "../wire.ts";
import { type Channel, createChannel } from "./channel.ts";

/** What came of opening a stream. */
export type Attached = { readonly kind: "attached"; readonly channel: Channel } | NoAnswer;

/** What the wire of one POST and its own answer lends to that of posts whose answers come on a stream. */
interface Http {
  readonly timeoutsOf: (method: string) => Timeouts;
  readonly statusReply: (response: EgressResponse) => NoAnswer | null;
  readonly failedReply: (error: unknown) => NoAnswer;
}

/** The transport of 2024-11-05 beside another one: a connection with a channel goes by it, all others as before. */
export function withOldSse(
  streamable: Omit<Wire, "attach">,
  { egress, clock, limits, nextId, channels }: WireParts,
  { serverId, url, call, signal }: WireTarget,
  { timeoutsOf, statusReply, failedReply }: Http,
): Wire {
  const post = async (channel: Channel, message: McpMessage, id: number | undefined): Promise<Reply> => {
    const endpoint = await channel.endpoint();
    // The server knows the session no more than one that answers 404, and has not looked at the message.
    if (endpoint === null || !channel.isOpen) {
      return { kind: "unanswered", status: 404 };
    }
    channels.touch(channel);
    const { headers, params } = frame(PLAIN, message, undefined);
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: message.method, params });
    const timeouts = timeoutsOf(message.method);
    return streamable.send({ method: "POST", url: endpoint, headers, body, timeouts }, async ({ status }) =>
      status < 300
        ? { kind: "answered", response: { kind: "result", result: {} }, status, sessionId: null }
        : { kind: "unanswered", status },
    );
  };

  const ask = async (channel: Channel, message: McpMessage): Promise<Reply> => {
    const id = nextId();
    const done = new AbortController();
    const cancel = clock.schedule(timeoutsOf(message.method).totalMs ?? limits.callTimeoutMs, () => done.abort());
    try {
      // The answer may come before the POST is acknowledged.
      const answer = channel.answerTo(id, AbortSignal.any([signal, done.signal]));
      const posted = await post(channel, message, id);
      if (posted.kind !== "answered") {
        // The server has forgotten the session, so nothing will come on its stream.
        if (posted.kind === "unanswered" && posted.status === 404) channel.close();
        return posted;
      }
      const response = await answer;
      if (response === null) {
        return { kind: "failed", code: "upstream_unreachable", cause: channel.isOpen ? null : "STREAM_ENDED" };
      }
      const isRefusal = response.kind === "error" && isAuthError(response.error, posted.status);
      return isRefusal ? { kind: "refused" } : { kind: "answered", response, status: 200, sessionId: null };
    } finally {
      cancel();
      done.abort();
    }
  };

  return {
    send: streamable.send,

    ask: (connection, message) =>
      connection.channel === undefined ? streamable.ask(connection, message) : ask(connection.channel, message),

    tell: (connection, message) =>
      connection.channel === undefined
        ? streamable.tell(connection, message)
        : post(connection.channel, message, undefined),

    async end(connection) {
      if (connection.channel === undefined) {
        await streamable.end(connection);
      }
      connection.channel?.close();
    },

    async attach() {
      const headers = injectHeaders(url, STREAM_HEADERS, call);
      const closing = new AbortController();
      const cancel = clock.schedule(limits.headersTimeoutMs, () => closing.abort());
      try {
        const ended = AbortSignal.any([signal, closing.signal]);
        const response = await egress.send({
          method: "GET",
          url,
          headers,
          body: null,
          headersTimeoutMs: limits.headersTimeoutMs,
          idleTimeoutMs: 0,
          isStream: true,
          signal: ended,
        });
        const refusal =
          statusReply(response) ?? (isStream(response) ? null : { kind: "unanswered", status: response.status });
        if (refusal !== null) {
          response.discard();
          return refusal;
        }
        const onClose = (closed: Channel): void => {
          channels.remove(closed);
          closing.abort();
        };
        const channel = createChannel(response, { url, clock, limits, onClose });
        channels.add(channel, { serverId, credentialId: call.credential?.id ?? null });
        if ((await channel.endpoint()) === null) {
          channel.close();
          return { kind: "failed", code: "upstream_protocol", cause: "ENDPOINT" };
        }
        return { kind: "attached", channel };
      } catch (error) {
        return failedReply(error);
      } finally {
        cancel();
      }
    },
  };
}

// Headers and parameters as any legacy server gets them; the session is in the endpoint.
const PLAIN: Connection = { era: "legacy", protocolVersion: null, sessionId: null };

const STREAM_HEADERS: ReadonlyMap<string, string> = new Map([
  ["accept", "text/event-stream"],
  ["accept-encoding", "identity"],
]);

function isStream(response: EgressResponse): boolean {
  const [mediaType = ""] = (response.header("content-type") ?? "").split(";");
  return response.status === 200 && mediaType.trim().toLowerCase() === "text/event-stream";
}
