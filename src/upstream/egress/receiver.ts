import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { KeywardError } from "../../core/errors.ts";

/** What a consumer says of a part: nothing, or that it has all it wanted; at once or in a moment. */
export type Taken = "enough" | void | Promise<"enough" | void>;

export interface EgressResponse {
  readonly status: number;
  /** The first value of a header, by lower-case name. */
  header(name: string): string | null;
  /** The whole body. @throws KeywardError `upstream_protocol` beyond the cap, `upstream_unreachable` when it ends early */
  bytes(): Promise<Buffer>;
  /**
   * The body part by part, as it comes; the socket waits while a part is taken. Ends with the body, or when a part was
   * enough. No cap: whoever reads a stream bounds its messages.
   * @throws KeywardError `upstream_unreachable` when the body ends early; what `take` throws
   */
  parts(take: (part: Buffer) => Taken): Promise<void>;
  /**
   * Counts what is kept of an unfinished message towards what all answers of the server may keep together.
   * @param bytes kept now
   * @throws KeywardError `upstream_protocol` when that is too much
   */
  keep(bytes: number): void;
  /** Gives the connection back without the rest; a response that goes on and on loses its connection. */
  discard(): void;
}

interface Consumer {
  readonly take: (part: Buffer) => Taken;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What all unfinished messages of one server take together. */
export interface Kept {
  bytes: number;
}

export interface ReceiverOptions {
  readonly kept: Kept;
  /** The most that `kept` may come to. */
  readonly keptBytes: number;
  /** Bytes of a body that is read as a whole. */
  readonly bodyBytes: number;
  /** Makes one of our errors out of whatever undici reports. */
  readonly toError: (cause: unknown) => KeywardError;
}

/** Read on after an answer, so that its connection can serve another request. */
const DISCARD_BYTES = 65_536;
const DISCARD_MS = 1_000;
/** Parts that may wait for a consumer before the socket is paused. */
const WAITING_BYTES = 262_144;

/**
 * Takes one HTTP response off undici's dispatcher, without a stream object between: those cost as much as the request.
 *
 * `head` is settled once: by the response's head, or by what kept it from coming.
 */
export class Receiver implements Dispatcher.DispatchHandler, EgressResponse {
  readonly head: Promise<EgressResponse>;
  readonly #options: ReceiverOptions;
  readonly #settle: { readonly resolve: (response: EgressResponse) => void; readonly reject: (error: unknown) => void };
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #end: { readonly error: KeywardError | null } | null = null;
  #consumer: Consumer | null = null;
  #isTaking = false;
  #discarded: number | null = null;
  #kept = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<EgressResponse>();
    this.head = promise;
    // Nobody may be waiting for it any more when it fails.
    promise.catch(() => {});
    this.#settle = { resolve, reject };
  }

  get status(): number {
    return this.#status;
  }

  header(name: string): string | null {
    const value = this.#headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  }

  get #hasFailed(): boolean {
    return this.#end !== null && this.#end.error !== null;
  }

  /** Ends the exchange, in whatever state it is. */
  abort(error: KeywardError): void {
    if (this.#end === null) {
      this.#finish(error);
      this.#controller?.abort(error);
    }
  }

  async bytes(): Promise<Buffer> {
    const { bodyBytes } = this.#options;
    const chunks: Buffer[] = [];
    let size = 0;
    await this.parts((part) => {
      size += part.length;
      if (size > bodyBytes) {
        throw new KeywardError("upstream_protocol");
      }
      this.keep(size);
      chunks.push(part);
    });
    return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
  }

  parts(take: (part: Buffer) => Taken): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#consumer = { take, resolve, reject };
    this.#drain();
    return promise;
  }

  keep(bytes: number): void {
    const { kept, keptBytes } = this.#options;
    const more = bytes - this.#kept;
    this.#kept = bytes;
    kept.bytes += more;
    if (more > 0 && kept.bytes > keptBytes) {
      throw new KeywardError("upstream_protocol");
    }
  }

  discard(): void {
    this.keep(0);
    if (this.#end !== null || this.#discarded !== null) {
      return;
    }
    this.#consumer = null;
    this.#waiting = [];
    this.#discarded = 0;
    this.#controller?.resume();
    setTimeout(() => this.abort(new KeywardError("upstream_unreachable")), DISCARD_MS).unref();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end !== null) {
      // Given up while it waited for a connection.
      controller.abort(this.#end.error ?? new KeywardError("upstream_unreachable"));
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) {
      this.#status = status;
      this.#headers = headers;
      this.#settle.resolve(this);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#end !== null) {
      return;
    }
    if (this.#discarded !== null) {
      this.#discarded += part.length;
      if (this.#discarded > DISCARD_BYTES) this.abort(new KeywardError("upstream_unreachable"));
      return;
    }
    this.#waiting.push(part);
    this.#waitingBytes += part.length;
    this.#drain();
    if (this.#waitingBytes > WAITING_BYTES) this.#controller?.pause();
  }

  onResponseEnd(): void {
    this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: unknown): void {
    this.#finish(this.#options.toError(cause));
  }

  #finish(error: KeywardError | null): void {
    if (this.#end !== null) {
      return;
    }
    this.#end = { error };
    if (error !== null) this.keep(0);
    if (error !== null) this.#settle.reject(error);
    this.#drain();
  }

  #drain(): void {
    while (this.#consumer !== null && !this.#isTaking) {
      const consumer = this.#consumer;
      // What came before a failure is not handed on once it is known that the rest is missing.
      const part = this.#hasFailed ? undefined : this.#waiting.shift();
      if (part === undefined) {
        this.#conclude(consumer);
        return;
      }
      this.#waitingBytes -= part.length;
      this.#hand(consumer, part);
    }
  }

  #conclude(consumer: Consumer): void {
    if (this.#end === null) {
      if (this.#controller?.paused === true) this.#controller.resume();
      return;
    }
    this.#consumer = null;
    if (this.#end.error === null) consumer.resolve();
    else consumer.reject(this.#end.error);
  }

  #hand(consumer: Consumer, part: Buffer): void {
    try {
      const taken = consumer.take(part);
      if (taken === "enough") {
        this.#release(consumer);
      } else if (taken !== undefined) {
        this.#waitFor(taken, consumer);
      }
    } catch (error) {
      this.#fail(consumer, error);
    }
  }

  #waitFor(taken: Promise<"enough" | void>, consumer: Consumer): void {
    this.#isTaking = true;
    taken.then(
      (said) => {
        this.#isTaking = false;
        if (said === "enough") this.#release(consumer);
        else this.#drain();
      },
      (error: unknown) => {
        this.#isTaking = false;
        this.#fail(consumer, error);
      },
    );
  }

  #release(consumer: Consumer): void {
    this.#consumer = null;
    consumer.resolve();
  }

  #fail(consumer: Consumer, error: unknown): void {
    this.#consumer = null;
    consumer.reject(error);
    this.abort(new KeywardError("upstream_unreachable"));
  }
}
