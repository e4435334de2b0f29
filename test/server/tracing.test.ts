import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { startKeyward } from "../helpers/keyward-process.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/* The real SDK, as a user loads it. */

const VALUE = canaryValue("traced");
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let gateway: TestGateway;
let upstream: HeaderUpstream;
let key: string;

beforeAll(async () => {
  provider.register();
  upstream = await startHeaderUpstream({ accepts: (value) => value === VALUE });
  gateway = await startTestGateway();
  const serverId = await gateway.register("notes", upstream.url, VALUE);
  const issued = await gateway.issueKey("alice-4711");
  key = issued.key;
  await gateway.grant(serverId, issued.id);
  const { flowId } = linkIn((await callTool(gateway, key, "notes-whoami")).text);
  await submit(gateway, flowId, keyProof(key), { "X-API-Key": VALUE });
  // The server's era is known from here on.
  await callTool(gateway, key, "notes-whoami");
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await provider.shutdown();
});

async function traced(headers: Readonly<Record<string, string>>): Promise<readonly ReadableSpan[]> {
  exporter.reset();
  const answer = await rpc(gateway, "/mcp/notes", { ...keyProof(key), ...headers }, "tools/call", { name: "whoami" });
  expect(answer.status).toBe(200);
  await expect.poll(() => exporter.getFinishedSpans().some(({ name }) => name === "POST /mcp")).toBe(true);
  return exporter.getFinishedSpans();
}

function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const span = spans.find((each) => each.name === name);
  if (span === undefined) throw new Error(`there is no span ${name} among ${spans.map((each) => each.name).join()}`);
  return span;
}

it("every stage of a call is a span, in the trace that the request came with, and the server gets its own parent", async () => {
  const spans = await traced({
    traceparent: `00-${TRACE}-${PARENT}-01`,
    tracestate: "vendor=text",
    baggage: "user=alice",
  });
  const parents: readonly (readonly [string, string])[] = [
    ["authenticate", "POST /mcp"],
    ["resolve", "POST /mcp"],
    ["open", "resolve"],
    ["upstream", "POST /mcp"],
    ["stream", "upstream"],
  ];
  for (const [child, parent] of parents) {
    expect(named(spans, child).parentSpanContext?.spanId, child).toBe(named(spans, parent).spanContext().spanId);
  }
  expect(named(spans, "POST /mcp").parentSpanContext?.spanId).toBe(PARENT);
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
  const sent = upstream.received.at(-1)?.headers;
  expect(sent?.["traceparent"]).toBe(`00-${TRACE}-${named(spans, "upstream").spanContext().spanId}-01`);
  // Both may be a client's own text.
  expect([sent?.["tracestate"], sent?.["baggage"]]).toEqual([undefined, undefined]);
});

it("a request without a trace, or with a broken one, begins one", async () => {
  for (const headers of [{}, { traceparent: "00-1-2-x" }]) {
    const spans = await traced(headers);
    expect(named(spans, "POST /mcp").parentSpanContext).toBeUndefined();
    expect(named(spans, "POST /mcp").spanContext().traceId).not.toBe(TRACE);
  }
});

it("a span says where, what and how it went: never who, nor anything that was said", async () => {
  const spans = await traced({});
  expect(named(spans, "POST /mcp").attributes).toEqual({
    "http.request.method": "POST",
    "http.route": "/mcp",
    "http.response.status_code": 200,
    "keyward.request_id": expect.stringMatching(/^req_/) as string,
    "keyward.server": "notes",
    "keyward.outcome": "ok",
    "mcp.method.name": "tools/call",
  });
  const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  expect([...names].toSorted()).toEqual([
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "keyward.outcome",
    "keyward.request_id",
    "keyward.server",
    "keyward.server_id",
    "mcp.method.name",
  ]);
  const text = JSON.stringify(
    spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
  expect([VALUE, key, "alice-4711", "whoami"].filter((secret) => text.includes(secret))).toEqual([]);
});

it("a call that a server does not answer is a failed span with its code", async () => {
  const { port } = new URL(upstream.url);
  await upstream.close();
  exporter.reset();
  await rpc(gateway, "/mcp/notes", keyProof(key), "tools/call", { name: "whoami" });
  await expect.poll(() => exporter.getFinishedSpans().some(({ name }) => name === "POST /mcp")).toBe(true);
  const span = named(exporter.getFinishedSpans(), "upstream");
  expect([span.status.code, span.attributes["error.type"]]).toEqual([2, "upstream_unreachable"]);
  upstream = await startHeaderUpstream({ port: Number(port) });
});

it("an SDK that is loaded with --import is enough", async () => {
  const sdk = new URL("../fixtures/console-spans.ts", import.meta.url).href;
  const child = await startKeyward({
    cwd: gateway.folder,
    args: ["--database-url", "sqlite:other.db"],
    env: { NODE_OPTIONS: `--import ${sdk}` },
  });
  await fetch(`${child.url}/mcp`, { method: "POST", headers: { traceparent: `00-${TRACE}-${PARENT}-01` } });
  await child.kill("SIGTERM");
  expect(child.output()).toContain(TRACE);
  expect(child.output()).toContain("POST /mcp");
});
