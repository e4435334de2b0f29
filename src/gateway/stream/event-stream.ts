import type { ServerResponse } from "node:http";
import type { KeepAlive } from "./keep-alive.ts";

/** One event that a client missed. */
export interface ReplayedEvent {
  readonly eventId: string;
  readonly json: string;
}

/** One `text/event-stream` to a client. Writing to one that is over does nothing. */
export interface EventStream {
  readonly isOpen: boolean;
  /** Aborts when the client leaves before the end, or is cut off because it does not read. */
  readonly signal: AbortSignal;
  /** Resolves once it is over, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Sends one message. Whoever relays waits for the promise, and so reads no faster than the client does; whoever does not
   * wait is bounded all the same: a client that has left 1 MB unread is cut off.
   * @param json one JSON text, as bytes in UTF-8
   */
  send(json: string | Uint8Array, options?: { readonly eventId?: string; readonly retryMs?: number }): Promise<void>;
  /** An event without a message: the id to resume from, and when to come back (2025-11-25, SSE polling). */
  hint(hint: { readonly eventId?: string; readonly retryMs?: number }): void;
  /** Keeps the connection open. */
  comment(): void;
  end(): void;
}

const MAX_UNREAD_BYTES = 1_048_576;

/** Beats of the keep-alive, 5 minutes in all, that a client may take to read what is buffered. */
const MAX_BLOCKED_BEATS = 20;

const DONE = Promise.resolve();

/**
 * Writes the head of the answer at once, and then whatever `replay` has.
 * @param options.headers beside the ones of every stream
 */
export function openEventStream(
  response: ServerResponse,
  options: {
    readonly requestId: string;
    readonly keepAlive: KeepAlive;
    readonly headers?: Readonly<Record<string, string>>;
    readonly replay?: readonly ReplayedEvent[];
  },
): EventStream {
  const left = new AbortController();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let drained: PromiseWithResolvers<void> | null = null;
  let blockedBeats = 0;

  function isOpen(): boolean {
    return !response.destroyed && !response.writableEnded;
  }

  function write(parts: readonly (string | Uint8Array)[]): Promise<void> {
    if (!isOpen()) {
      return DONE;
    }
    if (response.writableLength > MAX_UNREAD_BYTES) {
      response.destroy();
      return DONE;
    }
    response.cork();
    parts.forEach((part) => void response.write(part));
    response.uncork();
    // The socket's word and not that of the response, which counts what is corked and then may have nothing to drain.
    const { socket } = response;
    if (drained === null && socket?.writableNeedDrain === true) {
      drained = Promise.withResolvers();
      socket.once("drain", unblock);
    }
    return drained?.promise ?? DONE;
  }

  function unblock(): void {
    drained?.resolve();
    drained = null;
    blockedBeats = 0;
  }

  function beat(): void {
    if (drained === null) {
      void write([":\n\n"]);
      return;
    }
    // It is kept alive by what it has not read yet.
    blockedBeats += 1;
    if (blockedBeats >= MAX_BLOCKED_BEATS) {
      response.destroy();
    }
  }

  function over(): void {
    stopBeating();
    if (!response.writableFinished) {
      left.abort();
    }
    unblock();
    close();
  }

  const stopBeating = options.keepAlive.add(beat);
  response.once("close", over);
  // A connection that broke says so by "close" too; unheard, the error would end the process.
  response.on("error", () => {});

  if (response.destroyed) {
    // It has gone before: there is no event any more.
    over();
  } else {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "x-request-id": options.requestId,
      ...options.headers,
    });
    response.flushHeaders();
    for (const { eventId, json } of options.replay ?? []) {
      void write([fields({ eventId }), "data: ", json, "\n\n"]);
    }
  }

  return {
    get isOpen() {
      return isOpen();
    },
    signal: left.signal,
    closed,
    send: (json, fieldsOfEvent = {}) => write([`${fields(fieldsOfEvent)}data: `, onOneLine(json), "\n\n"]),
    hint: (hint) => void write([`${fields(hint)}data:\n\n`]),
    comment: () => void write([":\n\n"]),
    end() {
      if (isOpen()) {
        response.end();
      }
    },
  };
}

function fields({ eventId, retryMs }: { readonly eventId?: string; readonly retryMs?: number }): string {
  // An id may be an upstream's own. One with a line break in it would be an event of its making.
  const id = eventId === undefined || /[\r\n\0]/.test(eventId) ? "" : `id: ${eventId}\n`;
  return retryMs === undefined ? id : `${id}retry: ${Math.trunc(retryMs)}\n`;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

// A line break would end the field. In JSON a raw one stands between tokens only, where a space means the same.
function onOneLine(json: string | Uint8Array): string | Uint8Array {
  if (typeof json === "string") {
    return json.replaceAll(/[\r\n]/g, " ");
  }
  return json.includes(LF) || json.includes(CR)
    ? json.map((byte) => (byte === LF || byte === CR ? SPACE : byte))
    : json;
}
