import { errors, Pool } from "undici";
import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { BoundedMap } from "../bounded-map.ts";
import { assertAllowed, createGuardedConnector, type GuardOptions, type Resolve, resolveBySystem } from "./guard.ts";
import type { EgressLimits } from "./limits.ts";
import type { EgressPolicy } from "./policy.ts";
import { type EgressResponse, type Kept, Receiver } from "./receiver.ts";

interface EgressRequest {
  /** The object that is judged is the object that is dialled. */
  readonly url: URL;
  readonly method: "GET" | "POST" | "DELETE";
  /** Each name once, as `injectHeaders` makes them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | null;
  /** Milliseconds until the response's headers are complete, from when the request is sent. */
  readonly headersTimeoutMs: number;
  /** Milliseconds between two parts of the response's body. */
  readonly idleTimeoutMs: number;
  /** Whether the response may stay open for as long as somebody listens. */
  readonly isStream: boolean;
  /** Ends the request and its response, whatever state they are in. */
  readonly signal: AbortSignal;
  /** Is handed what does the same, for whoever keeps the time. */
  readonly onStart?: (end: () => void) => void;
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

/** The connections to one origin, and what its answers keep. */
interface Way {
  readonly pool: Pool;
  readonly kept: Kept;
}

// undici would keep an idle connection for ten minutes if the server's `Keep-Alive` hint says so.
const KEEP_ALIVE_MAX_MS = 60_000;

export function createEgress({ policy, limits, resolve = resolveBySystem, dial }: EgressOptions): Egress {
  const guard: GuardOptions = {
    policy,
    resolve,
    connectTimeoutMs: limits.connectTimeoutMs,
    ...(dial === undefined ? {} : { dial }),
  };
  const pools = new BoundedMap<string, Way>(limits.origins, ({ pool }) => void pool.close());

  const wayTo = ({ origin }: URL, isStream: boolean): Way => {
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
    const way = { pool, kept: { bytes: 0 } };
    pools.set(key, way);
    return way;
  };

  return {
    async send({ url, method, headers, body, headersTimeoutMs, idleTimeoutMs, isStream, signal, onStart }) {
      policy.assertUrl(url);
      const { pool, kept } = wayTo(url, isStream);
      const { bodyBytes, keptBytes } = limits;
      const receiver = new Receiver({ kept, keptBytes, bodyBytes, toError: upstreamError });
      const leave = (): void => receiver.abort(new KeywardError("upstream_unreachable"));
      if (signal.aborted) {
        throw new KeywardError("upstream_unreachable");
      }
      signal.addEventListener("abort", leave);
      onStart?.(leave);
      try {
        pool.dispatch(
          {
            path: `${url.pathname}${url.search}`,
            method,
            headers: [...headers].flat(),
            body,
            headersTimeout: headersTimeoutMs,
            bodyTimeout: idleTimeoutMs,
          },
          receiver,
        );
        return await receiver.head;
      } catch (error) {
        throw upstreamError(error);
      }
    },

    assertAllowed: (url) => assertAllowed(guard, url),

    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map(({ pool }) => pool.destroy()));
    },
  };
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
