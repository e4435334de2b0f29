import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { McpAnswer, Upstream } from "../../src/core/ports.ts";
import { UPSTREAM_LIMITS } from "../../src/upstream/limits.ts";
import { type OldSseUpstream, startOldSseUpstream } from "../fixtures/old-sse-upstream.ts";
import { startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { callFor, expectSoon, manualClock, serverFor, type TestUpstream, upstreamForTest, valuesOf } from "./parts.ts";

const KEY = "key-of-alice-0123456789";
const OTHER = "key-of-bobby-0123456789";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(...keys: readonly string[]): Promise<OldSseUpstream> {
  const good = keys.length === 0 ? [KEY] : keys;
  const remote = await startOldSseUpstream((key) => key !== undefined && good.includes(key));
  opened.push(remote);
  return remote;
}

function connect(options: Parameters<typeof upstreamForTest>[0] = {}): TestUpstream {
  const made = upstreamForTest(options);
  opened.push(made.upstream);
  return made;
}

function repeat(upstream: Upstream, url: string, text: string, call = callFor(url, KEY)): Promise<McpAnswer> {
  return upstream.request(serverFor(url), call, {
    method: "tools/call",
    params: { name: "repeat", arguments: { text } },
  });
}

const said = (text: string) => ({ kind: "result", result: { content: [{ type: "text", text }] } });
const unreachable = { kind: "failed", code: "upstream_unreachable" };
const gets = (remote: OldSseUpstream) => remote.received.filter(({ method }) => method === "GET").length;

describe("a server of HTTP with SSE (2024-11-05)", () => {
  it("is verified, wrong keys included, and no stream stays open", async () => {
    const remote = await start();
    const { upstream } = connect();
    const outcome = await upstream.verify(serverFor(remote.url), callFor(remote.url, KEY));
    expect(outcome).toMatchObject({
      kind: "accepted",
      strength: "proven",
      discovered: { era: "legacy", isStateful: true, tools: [{ name: "leak" }, { name: "repeat" }] },
    });
    await expectSoon(remote.streams).toBe(0);
    expect(await upstream.verify(serverFor(remote.url), callFor(remote.url, "wrong"))).toMatchObject({
      kind: "rejected",
      step: "connect",
    });
  });

  it("is called on one stream, every request of which carries the key, and ids are Keyward's own", async () => {
    const remote = await start();
    const { upstream } = connect();
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`);
    const answers = await Promise.all(texts.map((text) => repeat(upstream, remote.url, text)));
    expect(answers).toMatchObject(texts.map((text) => said(`${text} for key-of-alice`)));
    expect(gets(remote)).toBe(1);
    expect(new Set(remote.received.map(({ key }) => key))).toEqual(new Set([KEY]));
  });

  it("P14: gets a stream for each identity, credential and version of it", async () => {
    const remote = await start(KEY, OTHER);
    const { upstream } = connect();
    const call = callFor(remote.url, KEY);
    await repeat(upstream, remote.url, "a", call);
    const bob = callFor(remote.url, OTHER, { credential: { id: "cred_2", version: 1 } });
    expect(await repeat(upstream, remote.url, "b", bob)).toMatchObject(said("b for key-of-bobby"));
    await repeat(upstream, remote.url, "c", { ...call, credential: { id: "cred_1", version: 2 } });
    await repeat(upstream, remote.url, "d", { ...call, identity: { mode: "virtual_key", id: "vk_carol" } });
    expect(gets(remote)).toBe(4);
    await repeat(upstream, remote.url, "e", call);
    expect(gets(remote)).toBe(4);
  });

  it("A33, A35: gets exactly the stored values, each once, on stream and posts alike", async () => {
    const remote = await start();
    const { upstream } = connect();
    const call = callFor(remote.url, KEY, { staticHeaders: valuesOf({ "x-team": "blue-team-1" }) });
    await repeat(upstream, remote.url, "x-api-key: evil", call);
    const pairs = remote.received.map(({ method, rawHeaders }) => [
      method,
      ...rawHeaders.filter((_, at) => /^x-/i.test(rawHeaders[at - (at % 2)] ?? "")),
    ]);
    expect(pairs).toEqual(pairs.map(([method]) => [method, "x-team", "blue-team-1", "x-api-key", KEY]));
    const [stream] = remote.received.filter(({ method }) => method === "GET");
    const names = (stream?.rawHeaders ?? []).filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
      "x-api-key",
      "x-team",
    ]);

    const twice = { ...call, staticHeaders: valuesOf({ "x-api-key": "static-key-1" }), credential: null };
    const before = remote.received.length;
    await expect(repeat(upstream, remote.url, "a", twice)).rejects.toMatchObject({ code: "internal" });
    expect(remote.received).toHaveLength(before);
  });

  it("A38: that repeats the key is scrubbed", async () => {
    const remote = await start();
    const test = connect();
    const message = { method: "tools/call", params: { name: "leak", arguments: {} } };
    const answer = await test.upstream.request(serverFor(remote.url), callFor(remote.url, KEY), message);
    expect(answer).toMatchObject(said("[redacted by Keyward]"));
    expect(test.hits).toEqual([1]);
  });

  it("is asked on a new stream when the old one has ended", async () => {
    const remote = await start();
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    remote.cut();
    await expectSoon(remote.streams).toBe(0);
    await expectSoon(async () => (await repeat(upstream, remote.url, "b")).kind).toBe("result");
    expect(gets(remote)).toBe(2);
  });

  it("that forgot the session is asked on a new stream, and the old one is closed", async () => {
    const remote = await start();
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    let isForgotten = true;
    remote.intercept((request, response) => {
      if (!isForgotten || !String(request.url).startsWith("/messages")) return "next";
      isForgotten = false;
      response.writeHead(404).end();
      return "done";
    });
    expect(await repeat(upstream, remote.url, "b")).toMatchObject(said("b for key-of-alice"));
    expect(gets(remote)).toBe(2);
    await expectSoon(remote.streams).toBe(1);
  });

  it("whose stream ends loses the call that waits on it, once", async () => {
    const remote = await start();
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    remote.intercept((request, response) => {
      if (request.method !== "POST") return "next";
      response.writeHead(202).end(() => remote.cut());
      return "done";
    });
    expect(await repeat(upstream, remote.url, "b")).toEqual(unreachable);
    expect(remote.received.filter(({ path }) => path === "/messages")).toHaveLength(4);
  });

  it("is left alone after five minutes without a call", async () => {
    const remote = await start();
    const clock = manualClock();
    const { upstream } = connect({ clock });
    await repeat(upstream, remote.url, "a");
    expect(remote.streams()).toBe(1);
    clock.fire(UPSTREAM_LIMITS.sessionIdleMs);
    await expectSoon(remote.streams).toBe(0);
    expect(await repeat(upstream, remote.url, "b")).toMatchObject(said("b for key-of-alice"));
  });

  it("is given up when it never answers, by its time", async () => {
    const remote = await start();
    const clock = manualClock();
    const { upstream } = connect({ clock });
    await repeat(upstream, remote.url, "a");
    remote.intercept((request, response) => {
      if (request.method !== "POST") return "next";
      response.writeHead(202).end();
      return "done";
    });
    const posts = remote.received.length;
    const answer = repeat(upstream, remote.url, "b");
    await expectSoon(() => remote.received.length).toBe(posts + 1);
    clock.fire(UPSTREAM_LIMITS.callTimeoutMs);
    expect(await answer).toEqual(unreachable);
  });

  it("P16: has no more streams than sessions are allowed", async () => {
    const remote = await start();
    const { upstream } = connect({ limits: { sessions: 2 } });
    for (const id of ["a", "b", "c", "d"]) {
      const call = callFor(remote.url, KEY, { credential: { id, version: 1 } });
      expect((await repeat(upstream, remote.url, id, call)).kind).toBe("result");
    }
    await expectSoon(remote.streams).toBe(2);
  });

  it.each(["credential", "server"] as const)("A52, P8: ends with its %s, and nothing more is sent", async (what) => {
    const remote = await start();
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    const before = remote.received.length;
    if (what === "credential") {
      upstream.forgetCredential("cred_2");
      upstream.forgetServer("srv_2");
      expect(remote.streams()).toBe(1);
      upstream.forgetCredential("cred_1");
    } else {
      upstream.forgetServer("srv_1");
    }
    await expectSoon(remote.streams).toBe(0);
    expect(remote.received).toHaveLength(before);
  });
});

describe("the stream of a hostile server", () => {
  /** Answers a GET, and 404 to every POST but those of a path. */
  function streaming(remote: OldSseUpstream, stream: (response: ServerResponse) => void): void {
    remote.intercept((request, response) => {
      if (request.method === "GET") {
        stream(response);
      } else {
        response.writeHead(404).end();
      }
      return "done";
    });
  }

  const events = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });

  it.each([
    ["another host", (port: string) => `http://localhost:${port}/messages`],
    ["another port", () => "http://127.0.0.1:1/messages"],
    ["another scheme", (port: string) => `https://127.0.0.1:${port}/messages`],
    ["another host by //", (port: string) => `//localhost:${port}/messages`],
    ["another host by a backslash", (port: string) => `\\\\localhost:${port}\\messages`],
    ["no host", () => "javascript:alert(1)"],
    ["nothing", () => "http://"],
  ])("A29, P1: names an endpoint at %s, and gets nothing there", async (_, endpointAt) => {
    const remote = await start();
    const elsewhere = await startHeaderUpstream();
    opened.push(elsewhere);
    streaming(remote, (response) => {
      events(response).write(`event: endpoint\ndata: ${endpointAt(new URL(elsewhere.url).port)}\n\n`);
    });
    const { upstream } = connect();
    expect(await repeat(upstream, remote.url, "a")).toEqual({ kind: "failed", code: "upstream_protocol" });
    expect(elsewhere.received).toEqual([]);
    expect(remote.received.map(({ path }) => path)).toEqual(["/sse", "/sse", "/sse"]);
  });

  it("A29, P1: cannot move its endpoint once it is named", async () => {
    const remote = await start();
    const elsewhere = await startHeaderUpstream();
    opened.push(elsewhere);
    streaming(remote, (response) => {
      events(response).write("event: endpoint\ndata: /first\n\n");
      response.write(`event: endpoint\ndata: ${elsewhere.url}\n\nevent: endpoint\ndata: /second\n\n`);
    });
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    expect(elsewhere.received).toEqual([]);
    expect(remote.received.map(({ path }) => path)).toEqual(["/sse", "/sse", "/sse", "/first"]);
  });

  it.each([301, 302, 303, 307, 308])("A29: redirects the GET by %i, and is not followed", async (status) => {
    const remote = await start();
    const elsewhere = await startHeaderUpstream();
    opened.push(elsewhere);
    streaming(remote, (response) => response.writeHead(status, { location: elsewhere.url }).end());
    const { upstream } = connect();
    expect(await repeat(upstream, remote.url, "a")).toEqual({ kind: "failed", code: "upstream_redirected" });
    expect(elsewhere.received).toEqual([]);
    expect(gets(remote)).toBe(1);
  });

  it.each([307, 308])("A29: redirects the POST to its endpoint by %i, and is not followed", async (status) => {
    const remote = await start();
    const elsewhere = await startHeaderUpstream();
    opened.push(elsewhere);
    const { upstream } = connect();
    await repeat(upstream, remote.url, "a");
    remote.intercept((request, response) => {
      if (request.method !== "POST") return "next";
      response.writeHead(status, { location: elsewhere.url }).end();
      return "done";
    });
    expect(await repeat(upstream, remote.url, "b")).toEqual({ kind: "failed", code: "upstream_redirected" });
    expect(elsewhere.received).toEqual([]);
  });

  it.each([
    [401, { kind: "refused" }],
    [403, { kind: "refused" }],
    [404, { kind: "failed", code: "upstream_protocol" }],
    [503, unreachable],
  ])("answers the GET by %i, which says what it says elsewhere", async (status, expected) => {
    const remote = await start();
    streaming(remote, (response) => response.writeHead(status).end());
    const { upstream } = connect();
    expect(await repeat(upstream, remote.url, "a")).toEqual(expected);
  });

  it.each([
    [
      "an event of more than 10 MB",
      (response: ServerResponse) => response.write(`data: ${"x".repeat(11_000_000)}\n\n`),
    ],
    ["no endpoint", (response: ServerResponse) => response.end(": nothing\n\n")],
    [
      "more than 10 MB of comments",
      (response: ServerResponse) => {
        for (let count = 0; count < 11; count += 1) response.write(`: ${"x".repeat(500_000)}\n\n`.repeat(2));
      },
    ],
  ])("A30: sends %s, and is closed", async (_, send) => {
    const remote = await start();
    let isClosed = false;
    streaming(remote, (response) => {
      response.on("close", () => (isClosed = true));
      send(events(response));
    });
    // No time passes, so that it is the stream itself that ends it.
    const { upstream } = connect({ clock: manualClock() });
    expect(await repeat(upstream, remote.url, "a")).toEqual({ kind: "failed", code: "upstream_protocol" });
    await expectSoon(() => isClosed).toBe(true);
  });

  it("A30: never names its endpoint, and is given up by the time for headers", async () => {
    const remote = await start();
    let isClosed = false;
    streaming(remote, (response) => {
      response.on("close", () => (isClosed = true));
      events(response).flushHeaders();
    });
    const clock = manualClock();
    const { upstream } = connect({ clock });
    const answer = repeat(upstream, remote.url, "a");
    await expectSoon(() => gets(remote)).toBe(1);
    clock.fire(UPSTREAM_LIMITS.headersTimeoutMs);
    expect((await answer).kind).toBe("failed");
    await expectSoon(() => isClosed).toBe(true);
  });
});
