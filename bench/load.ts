import { performance } from "node:perf_hooks";
import { type Dispatcher, Pool } from "undici";
import { type Call, faultOf } from "./calls.ts";

/** What a fixed number of calls took. Times in milliseconds. */
export interface LoadResult {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

export interface LoadOptions {
  /** Where every call goes. */
  readonly url: string;
  readonly calls: number;
  /** Calls under way at any time. */
  readonly concurrency: number;
  /** No further call begins after that. */
  readonly until?: AbortSignal;
  /** @param n number of the call, from 0. @param lane which of the calls under way it is, from 0 */
  readonly call: (n: number, lane: number) => Call;
}

let checked = 0;

/** How many answers have been compared with what they had to be, in all loads so far. */
export function answersChecked(): number {
  return checked;
}

/** A raw HTTP client with connections that are kept between loads. Reads every answer and checks it. */
export class LoadClient {
  readonly #pool: Pool;

  constructor(origin: string, connections: number) {
    this.#pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
  }

  /** @throws Error at the first answer that is not right: a fast wrong answer is worth nothing */
  async run({ url, calls, concurrency, until, call }: LoadOptions): Promise<LoadResult> {
    const times: number[] = [];
    let next = 0;
    const isOver = (): boolean => next >= calls || until?.aborted === true;
    const lane = async (index: number): Promise<void> => {
      while (!isOver()) {
        const n = next;
        next += 1;
        const { ms, fault } = await this.try(url, call(n, index));
        if (fault !== null) {
          // The others end as well: there is nothing left to measure.
          next = calls;
          throw new Error(fault);
        }
        times.push(ms);
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: Math.min(concurrency, calls) }, (_, index) => lane(index)));
    const tookMs = performance.now() - start;
    return {
      medianMs: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      perSecond: (times.length / tookMs) * 1_000,
    };
  }

  /** One call. @returns how long it took, and what is wrong with its answer */
  async try(url: string, call: Call): Promise<{ readonly ms: number; readonly fault: string | null }> {
    const { pathname, search } = new URL(url);
    const start = performance.now();
    const { status, headers, body } = await this.post(pathname + search, call);
    const ms = performance.now() - start;
    checked += 1;
    return { ms, fault: faultOf(call, status, String(headers["content-type"] ?? ""), body) };
  }

  post(path: string, { headers, body }: Pick<Call, "headers" | "body">): Promise<Received> {
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    this.#pool.dispatch({ path, method: "POST", headers, body }, new Receiver(resolve, reject));
    return promise;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

class Receiver implements Dispatcher.DispatchHandler {
  readonly #resolve: (received: Received) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: Record<string, string | string[]> = {};

  constructor(resolve: (received: Received) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks).toString();
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

/** @param share 0.5 is the median, 0.99 what all but one in a hundred stay below */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
