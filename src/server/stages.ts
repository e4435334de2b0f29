import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import type { CallSeen } from "../gateway/visit.ts";
import type { RequestWatch, WatchRequests } from "../upstream/request-watch.ts";
import { isEgressRefusal, type Metrics, type Stage } from "./metrics/metrics.ts";
import type { Tracing } from "./tracing.ts";

/** What a call is made of, timed, and where an SDK listens, traced. */
export interface Stages {
  /** Everything that `work` does belongs to this request. */
  request<T>(request: IncomingMessage, requestId: string, work: () => Promise<T>): Promise<T>;
  run<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  runSync<T>(stage: Stage, work: () => T): T;
  readonly watchRequests: WatchRequests;
  /** Tells the trace what became of the current request. */
  call(call: CallSeen): void;
}

/**
 * Which request the work belongs to is known by the asynchronous context rather than by an argument: a request to a server
 * is made five folders below the one that it is made for, and everything between would only hand it on.
 */
export function createStages(metrics: Metrics, tracing: Tracing | null): Stages {
  const current = new AsyncLocalStorage<string>();

  function watchRequest(serverId: string, isStream: boolean): RequestWatch {
    const requestId = current.getStore();
    const span = tracing?.outgoing("upstream", { "keyward.server_id": serverId }) ?? null;
    const start = performance.now();
    let answeredAt: number | null = null;
    let stream = span;
    const headers = new Map<string, string>();
    if (requestId !== undefined) headers.set("x-request-id", requestId);
    if (span !== null && span.traceparent !== null) headers.set("traceparent", span.traceparent);
    return {
      headers,
      answered(status) {
        answeredAt = performance.now();
        if (!isStream) metrics.stage("upstream", (answeredAt - start) / 1_000);
        span?.add({ "http.response.status_code": status });
        stream = span?.begin("stream") ?? null;
      },
      ended(failure) {
        if (answeredAt !== null && !isStream) metrics.stage("stream", (performance.now() - answeredAt) / 1_000);
        if (failure !== null && isEgressRefusal(failure)) metrics.egressRefusal(failure);
        if (failure !== null) span?.add({ "error.type": failure });
        if (answeredAt !== null) stream?.end(failure !== null);
        span?.end(failure !== null);
      },
    };
  }

  return {
    request(request, requestId, work) {
      const attributes = { "keyward.request_id": requestId };
      return current.run(requestId, () => (tracing === null ? work() : tracing.request(request, attributes, work)));
    },

    async run(stage, work) {
      const start = performance.now();
      try {
        return await (tracing === null ? work() : tracing.within(stage, work));
      } finally {
        metrics.stage(stage, (performance.now() - start) / 1_000);
      }
    },

    runSync(stage, work) {
      const start = performance.now();
      try {
        return tracing === null ? work() : tracing.withinSync(stage, work);
      } finally {
        metrics.stage(stage, (performance.now() - start) / 1_000);
      }
    },

    watchRequests: ({ serverId, isStream }) => watchRequest(serverId, isStream),

    call({ server, method, status, outcome }) {
      tracing?.add({
        "http.response.status_code": status,
        "keyward.outcome": outcome,
        ...(server === null ? {} : { "keyward.server": server.name }),
        ...(method === null ? {} : { "mcp.method.name": method }),
      });
    },
  };
}
