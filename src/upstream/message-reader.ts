import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import type { MessageSink, ServerMessage } from "../core/ports.ts";
import { bodyKind, readEvents, readText } from "./body.ts";
import type { EgressResponse, Taken } from "./egress/receiver.ts";
import type { Connection } from "./era/connection.ts";
import type { Outgoing } from "./era/translate.ts";
import { errorIn, isAuthError, isJsonArray, parseJson } from "./json-rpc.ts";
import { isMisplaced } from "./lines.ts";
import type { Scrubber } from "./scrub.ts";
import type { SseEvent } from "./sse.ts";
import type { Reply } from "./wire.ts";

export interface MessageReaderOptions {
  readonly connection: Connection;
  readonly sink: MessageSink;
  readonly scrubber: Pick<Scrubber, "scrubText">;
  /** Characters of one event. */
  readonly eventLength: number;
  /** What the response's id will be; undefined = no response is waited for. */
  readonly responseId: JsonValue | undefined;
  readonly restore: Outgoing["restore"];
  /** Whether the session is one client's own: then requests of the server and answers to others are for it, too. */
  readonly isOwn: boolean;
}

const ANSWERED: Reply = { kind: "answered", response: { kind: "result", result: {} }, status: 200, sessionId: null };
const REFUSED: Reply = { kind: "refused" };

/** Reads what a server sends back and hands it over, message by message; knows afterwards what has come. */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  #isAnswered = false;
  #isRefused = false;
  #isMisplaced = false;
  #lastEventId: string | null = null;
  #retryMs: number | null = null;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  /** Whether the response has been handed over. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whether the server said that it did not look at the message. */
  get isMisplaced(): boolean {
    return this.#isMisplaced;
  }

  /** From where to resume a stream that ended too early; null = it cannot be. */
  get lastEventId(): string | null {
    return this.#lastEventId;
  }

  /** Milliseconds that the server asks to wait before. */
  get retryMs(): number | null {
    return this.#retryMs;
  }

  /** @throws KeywardError `upstream_protocol`, `upstream_unreachable` */
  readonly read = async (response: EgressResponse, prolong: () => void): Promise<Reply> => {
    const { status } = response;
    switch (bodyKind(response)) {
      case "json":
        await this.#readBody(await readText(response), status);
        break;
      case "events":
        await readEvents(response, this.#options.eventLength, (event) => {
          prolong();
          return this.#takeEvent(event, status);
        });
        break;
      case "neither":
        this.#isMisplaced = isMisplaced(this.#options.connection, status, null);
    }
    return this.#isRefused ? REFUSED : this.#isAnswered ? ANSWERED : { kind: "unanswered", status };
  };

  async #readBody(text: string, status: number): Promise<void> {
    const body = parseJson(text);
    if (body === null) {
      this.#isMisplaced = isMisplaced(this.#options.connection, status, null);
      return;
    }
    if (!isJsonArray(body)) {
      await this.#take(text, body, status, null);
      return;
    }
    // A batch (2025-03-26).
    for (const message of body) {
      await this.#take(JSON.stringify(message), message, status, null);
    }
  }

  #takeEvent({ data, id, retryMs }: SseEvent, status: number): Taken {
    this.#lastEventId = id ?? this.#lastEventId;
    this.#retryMs = retryMs ?? this.#retryMs;
    const event = { id, retryMs };
    const message = data === "" ? null : parseJson(data);
    if (message !== null) {
      return this.#take(data, message, status, event);
    }
    const { sink, connection, isOwn } = this.#options;
    return isOwn && data === ""
      ? sink({ kind: "hint", text: "", message: {}, era: connection.era, status, event })
      : undefined;
  }

  #take(text: string, message: JsonValue, status: number, event: ServerMessage["event"]): Taken {
    if (!isJsonObject(message)) {
      return undefined;
    }
    if ("method" in message) {
      // What a server asks in a shared session nobody could answer; nothing was declared, so it should not.
      return this.#options.isOwn || !("id" in message)
        ? this.#handOver("other", text, message, status, event)
        : undefined;
    }
    if (!this.#isResponse(message, event)) {
      // On a stream it may be what another request has waited for; as a body it answers nothing.
      const isForClient = this.#options.isOwn && event !== null;
      return isForClient ? this.#handOver("other", text, message, status, event) : undefined;
    }
    const error = errorIn(message);
    if (error !== null && isAuthError(error, status)) {
      this.#isRefused = true;
      return "enough";
    }
    if (status >= 400 && isMisplaced(this.#options.connection, status, error)) {
      this.#isMisplaced = true;
      return "enough";
    }
    this.#isAnswered = true;
    const handed = this.#handOver("response", text, message, status, event);
    return handed === undefined ? "enough" : handed.then(() => "enough");
  }

  /** An error without an id is what servers send that refuse a request before they read it. */
  #isResponse(message: JsonObject, event: ServerMessage["event"]): boolean {
    const { responseId } = this.#options;
    const { id = null } = message;
    const isRefusal = event === null && id === null && errorIn(message) !== null;
    return (responseId !== undefined && id === responseId) || isRefusal;
  }

  #handOver(
    kind: "response" | "other",
    text: string,
    message: JsonObject,
    status: number,
    event: ServerMessage["event"],
  ): void | Promise<void> {
    const { scrubber, restore, sink, connection } = this.#options;
    const clean = scrubber.scrubText(text);
    const parsed = clean === text ? message : (JSON.parse(clean) as JsonObject);
    const restored = restore(clean, parsed, kind === "response");
    return sink({ kind, text: restored, message: parsed, era: connection.era, status, event });
  }
}
