import type { CallHeaders, McpAnswer, McpMessage } from "../core/ports.ts";
import type { Server } from "../core/server.ts";
import type { Connection } from "./era/connection.ts";
import type { Negotiated } from "./era/negotiate.ts";
import { createLine, isMisplaced, type LineParts, sharedBy } from "./lines.ts";
import { failureOfStatus, type Reply } from "./wire.ts";

/** What a call came to: its answer, and for the log the name of what made it fail. */
export interface Outcome {
  readonly answer: McpAnswer;
  readonly cause: string | null;
}

/**
 * Sends one message of Keyward's own on the connection that the server's profile or session gives. When the server turns
 * out not to know that session or not to speak that era any more, it is negotiated with anew and the message is sent once
 * more: a server that says so has not looked at the message.
 *
 * @throws KeywardError `internal`, `invalid_header_value` when the headers may not go to the server's URL;
 *   `upstream_url_invalid`
 */
export async function sendMessage(
  parts: LineParts,
  server: Server,
  call: CallHeaders,
  message: McpMessage,
  signal: AbortSignal,
): Promise<Outcome> {
  const line = createLine(parts, sharedBy(server, call, signal));
  const exchange = (connection: Connection): Promise<Reply> =>
    message.method.startsWith("notifications/")
      ? line.wire.tell(connection, message)
      : line.wire.ask(connection, message);

  const first = await line.connect();
  if (first.kind !== "connected") {
    return outcomeOf(first);
  }
  const reply = await exchange(first.connection);
  if (reply.kind === "refused") {
    line.drop(first.connection);
  }
  if (!isReplyMisplaced(first.connection, reply)) {
    return outcomeOf(reply);
  }
  const second = await line.reconnect(first.connection);
  return outcomeOf(second.kind === "connected" ? await exchange(second.connection) : second);
}

function isReplyMisplaced(connection: Connection, reply: Reply): boolean {
  if (reply.kind === "unanswered") {
    return isMisplaced(connection, reply.status, null);
  }
  const isError = reply.kind === "answered" && reply.response.kind === "error";
  return isError && isMisplaced(connection, reply.status, reply.response.error);
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
