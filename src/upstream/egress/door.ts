import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { type Dispatcher, errors, Pool } from "undici";
import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { BoundedMap } from "../bounded-map.ts";
import { assertAllowed, createGuardedConnector, type GuardOptions, type Resolve, resolveBySystem } from "./guard.ts";
import type { EgressLimits } from "./limits.ts";
import type { EgressPolicy } from "./policy.ts";

interface EgressRequest {
  /** The object that is judged is the object that is dialled. */
  readonly url: URL;
  /** `GET` opens a stream of events. */
  readonly method: "POST" | "DELETE" | "GET";
  /** Each name once, as `injectHeaders` makes them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | null;
  /** Milliseconds until the response's headers are complete, from when the request is sent. */
  readonly headersTimeoutMs: number;
  /** Milliseconds between two parts of the response's body; 0 = no limit. */
  readonly idleTimeoutMs: number;
  /** Bytes of the response's body. Default: the door's limit. */
  readonly bodyBytes?: number;
  /** Ends the request and its response, whatever state they are in. */
  readonly signal: AbortSignal;
}

export interface EgressResponse {
  readonly status: number;
  /** The first value of a header, by lower-case name. */
  header(name: string): string | null;
  /**
   * The body, at most `bodyBytes` of it. Whoever stops before its end calls `discard`.
   * @throws KeywardError `upstream_protocol` beyond the cap, `upstream_unreachable` when it ends early
   */
  body(): AsyncGenerator<Buffer, void>;
  /** Gives the connection back without the rest; a response that goes on and on loses its connection. */
  discard(): void;
}

/** The one door to the network. Redirects are never followed; there are no cookies, no cache and no proxy behind it. */
export interface Egress {
  /** @throws KeywardError `upstream_*` for everything that the network or the far end does */
  send(request: EgressRequest): Promise<EgressResponse>;
  /** @throws KeywardError `upstream_url_invalid`, `upstream_not_allowed`, `upstream_unreachable` */
  assertAllowed(url: URL): Promise<void>;
  /** Closes every connection; requests under way fail. */
  close(): Promise<void>;
}

export interface EgressOptions {
  readonly policy: EgressPolicy;
  readonly limits: EgressLimits;
  /** DNS. Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** See `GuardOptions`. */
  readonly dial?: GuardOptions["dial"];
}

// undici would keep an idle connection for ten minutes if the server's `Keep-Alive` hint says so.
const KEEP_ALIVE_MAX_MS = 60_000;
const DISCARD_BYTES = 65_536;
const DISCARD_MS = 1_000;

export function createEgress({ policy, limits, resolve = resolveBySystem, dial }: EgressOptions): Egress {
  const guard: GuardOptions = {
    policy,
    resolve,
    connectTimeoutMs: limits.connectTimeoutMs,
    ...(dial === undefined ? {} : { dial }),
  };
  const pools = new BoundedMap<string, Pool>(limits.origins, (pool) => void pool.close());

  const poolOf = ({ origin }: URL, isStream: boolean): Pool => {
    // Streams have connections of their own, because they would leave none for the requests that they belong to.
    const key = isStream ? `${origin} streams` : origin;
    const known = pools.get(key);
    if (known !== undefined) {
      return known;
    }
    const pool = new Pool(origin, {
      connections: isStream ? limits.streamsPerOrigin : limits.socketsPerOrigin,
      connect: createGuardedConnector(guard),
      allowH2: false,
      // Left out, an environment variable could choose the experimental parser.
      useMilo: false,
      maxHeaderSize: limits.headerBytes,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    });
    pools.set(key, pool);
    return pool;
  };

  return {
    async send({ url, method, headers, body, headersTimeoutMs, idleTimeoutMs, bodyBytes, signal }) {
      policy.assertUrl(url);
      try {
        const response = await poolOf(url, method === "GET").request({
          path: `${url.pathname}${url.search}`,
          method,
          headers: [...headers].flat(),
          body,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: idleTimeoutMs,
          signal,
        });
        return received(response, bodyBytes ?? limits.bodyBytes);
      } catch (error) {
        throw upstreamError(error);
      }
    },

    assertAllowed: (url) => assertAllowed(guard, url),

    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

function received({ statusCode, headers, body }: Dispatcher.ResponseData, limit: number): EgressResponse {
  // A body that nobody reads any more may still fail; without a listener that would end the process.
  body.on("error", () => {});
  return {
    status: statusCode,
    header: (name) => firstValue(headers, name),
    body: () => readCapped(body, limit),
    discard() {
      body.dump({ limit: DISCARD_BYTES, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
    },
  };
}

function firstValue(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

async function* readCapped(body: Readable, limit: number): AsyncGenerator<Buffer, void> {
  let size = 0;
  try {
    // Destroying the body would close the connection: a reader that has its answer discards the rest instead.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) {
        body.destroy();
        throw new KeywardError("upstream_protocol");
      }
      yield chunk;
    }
  } catch (error) {
    throw upstreamError(error);
  }
}

/** Everything that undici and Node throw, as one of two codes: the far end speaks no HTTP, or is not there. */
function upstreamError(cause: unknown): KeywardError {
  if (isKeywardError(cause)) {
    return cause;
  }
  if (cause instanceof errors.InvalidArgumentError) {
    return new KeywardError("internal", { cause });
  }
  const isNoHttp =
    cause instanceof errors.HTTPParserError ||
    cause instanceof errors.HeadersOverflowError ||
    cause instanceof errors.ResponseExceededMaxSizeError;
  return new KeywardError(isNoHttp ? "upstream_protocol" : "upstream_unreachable", { cause });
}
