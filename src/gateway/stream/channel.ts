import type { ServerResponse } from "node:http";
import type { ServerMessage } from "../../core/ports.ts";
import { responseBody, type RpcAnswer, type RpcId } from "../jsonrpc.ts";
import type { EventStream } from "./event-stream.ts";

export interface ChannelOptions {
  readonly response: ServerResponse;
  readonly id: RpcId;
  /** Whether the client takes an event stream. */
  readonly takesEvents: boolean;
  /** Begins the answer as an event stream. */
  readonly openEvents: () => EventStream;
  /** Writes the answer as one JSON body. */
  readonly sendJson: (status: number, json: string) => void;
}

/**
 * The way back to the client that sent one request: one JSON body, or an event stream as soon as something comes before
 * the response. Whatever began the answer, the response ends it.
 */
export class Channel {
  readonly #options: ChannelOptions;
  #events: EventStream | null = null;
  #status = 200;
  #isAnswered = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Whether the response is out. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** The HTTP status that went out, or will. */
  get status(): number {
    return this.#status;
  }

  /** Keeps the client waiting on an open stream, if it takes one; else on nothing. */
  hold(): void {
    if (this.#options.takesEvents) this.#open();
  }

  /** Passes on a message that is no response. A client that takes JSON only does without it. */
  pass({ kind, text, event }: ServerMessage): void | Promise<void> {
    if (!this.#options.takesEvents || this.#isAnswered) {
      return undefined;
    }
    const events = this.#open();
    const fields = fieldsOf(event);
    return kind === "hint" ? events.hint(fields) : events.send(text, fields);
  }

  /** Passes on a server's response as it is. */
  passResponse({ text, status, event }: ServerMessage): void {
    this.#end(text, status, event);
  }

  /** Answers in Keyward's own words. @param event where the response stood in the server's stream */
  answer(answer: RpcAnswer, status = 200, event: ServerMessage["event"] = null): void {
    this.#end(JSON.stringify(responseBody(this.#options.id, answer)), status, event);
  }

  /** Begins the stream that is the answer, for whoever writes it. */
  takeEvents(): EventStream {
    this.#isAnswered = true;
    return this.#open();
  }

  /** Ends a stream without a response: the client comes back for it. */
  close(): void {
    this.#isAnswered = true;
    this.#events?.end();
  }

  #open(): EventStream {
    this.#events ??= this.#options.openEvents();
    return this.#events;
  }

  #end(json: string, status: number, event: ServerMessage["event"]): void {
    if (this.#isAnswered) {
      return;
    }
    this.#isAnswered = true;
    const isStream = this.#events !== null || (event !== null && this.#options.takesEvents);
    if (!isStream) {
      this.#status = status;
      this.#options.sendJson(status, json);
      return;
    }
    const events = this.#open();
    void events.send(json, fieldsOf(event));
    events.end();
  }
}

function fieldsOf(event: ServerMessage["event"]): { readonly eventId?: string; readonly retryMs?: number } {
  const { id = null, retryMs = null } = event ?? {};
  return { ...(id === null ? {} : { eventId: id }), ...(retryMs === null ? {} : { retryMs }) };
}
