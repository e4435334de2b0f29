import type { Documents, FetchedDocument } from "../core/documents.ts";
import type { Clock } from "../core/ports.ts";
import { readText } from "./body.ts";
import { BoundedMap } from "./bounded-map.ts";
import { createEgress, type EgressOptions } from "./egress/door.ts";
import type { EgressLimits } from "./egress/limits.ts";
import { createEgressPolicy } from "./egress/policy.ts";

/** What a document may cost. The metadata of a client is a page of JSON, and a person is waiting for it. */
const LIMITS: EgressLimits = {
  connectTimeoutMs: 3_000,
  headerBytes: 16_384,
  bodyBytes: 16_384,
  keptBytes: 524_288,
  socketsPerOrigin: 2,
  streamsPerOrigin: 1,
  origins: 50,
};
/** From the request to the last byte. */
const TOTAL_MS = 5_000;
/** Until a URL is asked for again, whatever came of it. */
const FRESH_MS = 60_000;
const MAX_REMEMBERED = 200;

const HEADERS: ReadonlyMap<string, string> = new Map([
  ["accept", "application/json"],
  ["accept-encoding", "identity"],
]);

export interface DocumentsOptions extends Pick<EgressOptions, "resolve" | "dial"> {
  readonly clock: Clock;
  /** Hosts and addresses that may be dialled though not public. Nothing but a test names any. */
  readonly allowPrivate?: readonly string[];
}

export interface ClosableDocuments extends Documents {
  close(): Promise<void>;
}

export function createDocuments({ clock, allowPrivate = [], ...network }: DocumentsOptions): ClosableDocuments {
  const egress = createEgress({ policy: createEgressPolicy(allowPrivate), limits: LIMITS, ...network });
  const asked = new BoundedMap<string, { readonly at: number; readonly answer: Promise<FetchedDocument> }>(
    MAX_REMEMBERED,
  );

  async function fetchDocument(url: URL): Promise<FetchedDocument> {
    const overdue = new AbortController();
    const cancel = clock.schedule(TOTAL_MS, () => overdue.abort());
    try {
      const response = await egress.send({
        url,
        method: "GET",
        headers: HEADERS,
        body: null,
        headersTimeoutMs: TOTAL_MS,
        idleTimeoutMs: TOTAL_MS,
        isStream: false,
        signal: overdue.signal,
      });
      try {
        const { status } = response;
        // The body of anything but a document is of no use, and a redirect is not followed.
        const text = status === 200 ? await readText(response) : "";
        return { status, cacheControl: response.header("cache-control"), text };
      } finally {
        response.discard();
      }
    } finally {
      cancel();
    }
  }

  return {
    read(url) {
      const known = asked.get(url.href);
      const now = clock.now();
      // A clock that was set back must not keep a failure for hours.
      if (known !== undefined && Math.abs(now - known.at) < FRESH_MS) {
        return known.answer;
      }
      const answer = fetchDocument(url);
      answer.catch(() => {});
      asked.set(url.href, { at: now, answer });
      return answer;
    },
    close: () => egress.close(),
  };
}
