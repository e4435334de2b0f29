import type { IncomingMessage } from "node:http";
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";

/** A span that is open, and what a request carries to continue its trace. */
interface OpenSpan {
  /** W3C trace context; null when the SDK is told to use another format. */
  readonly traceparent: string | null;
  add(attributes: Attributes): void;
  /** Begins a span within this one. */
  begin(name: string): OpenSpan;
  end(hasFailed: boolean): void;
}

/** Spans, where an SDK has been loaded (`--import`). Names and attributes are of closed lists, like the labels of metrics. */
export interface Tracing {
  /** A span for one request of a client, in the trace that it came with. `work` and all that it awaits are within it. */
  request<T>(request: IncomingMessage, attributes: Attributes, work: () => Promise<T>): Promise<T>;
  /** A span within the current one. */
  within<T>(name: string, work: () => Promise<T>): Promise<T>;
  withinSync<T>(name: string, work: () => T): T;
  /** A request of Keyward's to a server, within the current span. */
  outgoing(name: string, attributes: Attributes): OpenSpan;
  /** Adds to the current span. */
  add(attributes: Attributes): void;
}

/** @returns null when nobody would see a span: then none is made, and nothing is spent on them */
export function loadTracing(version: string): Tracing | null {
  const provider = trace.getTracerProvider();
  const isIdle = provider instanceof ProxyTracerProvider && provider.getDelegateTracer("keyward") === undefined;
  return isIdle ? null : createTracing(trace.getTracer("keyward", version));
}

const AREAS = /^\/(?:mcp|api|connect|assets|oauth)(?=\/|$)/;

function createTracing(tracer: Tracer): Tracing {
  function openSpan(span: Span, around: Context): OpenSpan {
    const within = trace.setSpan(around, span);
    return {
      traceparent: traceparentOf(within),
      add: (attributes) => void span.setAttributes(attributes),
      begin: (name) => openSpan(tracer.startSpan(name, {}, within), within),
      end: (hasFailed) => finish(span, hasFailed),
    };
  }

  async function run<T>(span: Span, around: Context, work: () => Promise<T>): Promise<T> {
    let hasFailed = true;
    try {
      const result = await context.with(trace.setSpan(around, span), work);
      hasFailed = false;
      return result;
    } finally {
      finish(span, hasFailed);
    }
  }

  return {
    request(request, attributes, work) {
      const from = propagation.extract(ROOT_CONTEXT, request.headers);
      const { method = "" } = request;
      const area = AREAS.exec(request.url ?? "")?.[0] ?? "/";
      const span = tracer.startSpan(
        `${method} ${area}`,
        { kind: SpanKind.SERVER, attributes: { "http.request.method": method, "http.route": area, ...attributes } },
        from,
      );
      return run(span, from, work);
    },

    within: (name, work) => run(tracer.startSpan(name), context.active(), work),

    withinSync(name, work) {
      const span = tracer.startSpan(name);
      let hasFailed = true;
      try {
        const result = work();
        hasFailed = false;
        return result;
      } finally {
        finish(span, hasFailed);
      }
    },

    outgoing(name, attributes) {
      const around = context.active();
      return openSpan(tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, around), around);
    },

    add: (attributes) => void trace.getActiveSpan()?.setAttributes(attributes),
  };
}

function finish(span: Span, hasFailed: boolean): void {
  if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Ids alone go on to a server: `tracestate` and `baggage` may be a client's own text. */
function traceparentOf(within: Context): string | null {
  const carrier: Record<string, string> = {};
  propagation.inject(within, carrier);
  return carrier["traceparent"] ?? null;
}
