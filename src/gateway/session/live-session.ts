import type { RpcId } from "../jsonrpc.ts";
import type { EventStream, ReplayedEvent } from "../stream/event-stream.ts";
import type { Replay } from "../stream/replay.ts";
import type { SessionFacts } from "./session-id.ts";

/** With what a stream of a session begins. */
export interface Attachment {
  /** What was missed, to be sent first. */
  readonly replay: readonly ReplayedEvent[];
  /** To resume from when the stream breaks before any message came. */
  readonly eventId: string;
  /** Whether the id to resume from was Keyward's own. */
  readonly isKnown: boolean;
}

interface Line {
  readonly name: string;
  readonly stream: EventStream;
}

const MAX_STREAMS = 4;

/** Requests that can be cancelled by id; how many are under way is bounded elsewhere. */
const MAX_PENDING = 1_000;

/** One session as far as this process knows it. Made and dropped by `LiveSessions`. */
export class LiveSession {
  readonly facts: SessionFacts;
  /** `identityKey` of whose it is. */
  readonly owner: string;
  /** When its last request came, in milliseconds since the epoch. */
  usedAt = 0;
  readonly #replay: Replay;
  readonly #pending = new Map<RpcId, AbortController>();
  // The newest last.
  #lines: readonly Line[] = [];
  #lastLine: string | null = null;
  #stopHearing: (() => void) | null = null;

  constructor(facts: SessionFacts, owner: string, replay: Replay) {
    this.facts = facts;
    this.owner = owner;
    this.#replay = replay;
  }

  get streams(): readonly EventStream[] {
    return this.#lines.map(({ stream }) => stream).filter(({ isOpen }) => isOpen);
  }

  /** Whether somebody waits for something: then it is not idle. */
  get isBusy(): boolean {
    return this.#pending.size > 0 || this.streams.length > 0;
  }

  /** The oldest of five ends: a client that comes back has often not noticed that its old connection is gone. */
  attach(lastEventId: string | null, open: (attachment: Attachment) => EventStream): EventStream {
    const { line, eventId, missed, isKnown } = this.#replay.open(lastEventId);
    const stream = open({ replay: missed, eventId, isKnown });
    const before = this.#lines;
    // A line that is resumed while its old connection still looks open goes on in the new one.
    const others = before.filter(({ name, stream: other }) => other.isOpen && name !== line).slice(1 - MAX_STREAMS);
    this.#lines = [...others, { name: line, stream }];
    this.#lastLine = line;
    before.filter((other) => !others.includes(other)).forEach(({ stream: old }) => old.end());
    void stream.closed.then(() => {
      this.#lines = this.#lines.filter((other) => other.stream !== stream);
    });
    return stream;
  }

  /**
   * Begins, once, to hear what its streams are told, and goes on between them: what is missed by a stream that broke is
   * there to be resumed.
   * @param start returns what ends it
   */
  hear(start: () => () => void): void {
    this.#stopHearing ??= start();
  }

  /** @returns whether a stream is open; if none is, the message is kept for whoever resumes the last one */
  send(json: string): boolean {
    const newest = this.#lines.findLast(({ stream }) => stream.isOpen);
    const line = newest?.name ?? this.#lastLine;
    if (line === null) {
      return false;
    }
    const eventId = this.#replay.add(line, json);
    void newest?.stream.send(json, { eventId });
    return newest !== undefined;
  }

  /**
   * Lets `notifications/cancelled` reach a request.
   * @returns to be called when it has been answered
   */
  track(requestId: RpcId, controller: AbortController): () => void {
    if (this.#pending.size < MAX_PENDING) {
      this.#pending.set(requestId, controller);
    }
    return () => {
      // A client that uses an id twice at once cancels the later one.
      if (this.#pending.get(requestId) === controller) {
        this.#pending.delete(requestId);
      }
    };
  }

  /** Cancels a request under way; nothing happens when there is none of that id. */
  cancel(requestId: RpcId): void {
    this.#pending.get(requestId)?.abort();
  }

  /** Ends the streams, which a client opens again. What is under way goes on: to be forgotten harms no request. */
  forget(): void {
    this.#stopHearing?.();
    this.#stopHearing = null;
    this.#lines.forEach(({ stream }) => stream.end());
    this.#lines = [];
    this.#pending.clear();
    this.#replay.clear();
  }

  /** Ends the streams and aborts what is under way. */
  end(): void {
    this.#pending.forEach((controller) => controller.abort());
    this.forget();
  }
}
