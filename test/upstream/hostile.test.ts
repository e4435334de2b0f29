import { afterEach, describe, expect, it } from "vitest";
import type { McpAnswer } from "../../src/core/ports.ts";
import type { Discovered } from "../../src/core/server.ts";
import { type HeaderUpstream, type HeaderUpstreamOptions, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import type { Misbehaviour } from "../fixtures/misbehaviour.ts";
import { UPSTREAM_LIMITS } from "../../src/upstream/limits.ts";
import { callFor, expectSoon, manualClock, serverFor, type TestUpstream, upstreamForTest, valuesOf } from "./parts.ts";

const KEY = 'sk-"quoted"/0123456789+abcdef';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(options: HeaderUpstreamOptions = {}): Promise<HeaderUpstream> {
  const remote = await startHeaderUpstream({ era: "legacy", ...options });
  opened.push(remote);
  return remote;
}

function connect(options: Parameters<typeof upstreamForTest>[0] = {}): TestUpstream {
  const made = upstreamForTest(options);
  opened.push(made.upstream);
  return made;
}

/** Of a stateless legacy server: a call to it is one request. */
const DISCOVERED: Discovered = {
  era: "legacy",
  protocolVersion: "2025-11-25",
  isStateful: false,
  tools: [],
  serverInfo: null,
  instructions: null,
  prompts: [],
  resources: [],
  resourceTemplates: [],
  capabilities: {},
  at: 0,
};

function call({ upstream }: TestUpstream, remote: HeaderUpstream): Promise<McpAnswer> {
  const message = { method: "tools/call", params: { name: "whoami", arguments: {} } };
  return upstream.request(serverFor(remote.url, { discovered: DISCOVERED }), callFor(remote.url, KEY), message);
}

describe("A29: a redirect", () => {
  const statuses = [301, 302, 303, 307, 308] as const;

  it.each(statuses)("by %i gives the key to nobody else, wherever it leads", async (status) => {
    const remote = await start();
    const elsewhere = await start();
    const test = connect();
    const { port } = new URL(elsewhere.url);
    const targets = [
      elsewhere.url,
      `http://localhost:${port}/mcp`,
      `//127.0.0.1:${port}/mcp`,
      elsewhere.url.replace("http:", "https:"),
      `http://user:pass@127.0.0.1:${port}/mcp`,
      "/other",
      "/mcp/",
      remote.url,
      "?loop",
      "javascript:alert(1)",
      "data:application/json,{}",
      "",
    ];
    for (const to of targets) {
      remote.misbehave({ kind: "redirect", status, to });
      const before = remote.received.length;
      expect([to, await call(test, remote)]).toEqual([to, { kind: "failed", code: "upstream_redirected" }]);
      expect(remote.received.length - before).toBe(1);
    }
    expect(elsewhere.received).toEqual([]);
  });

  it.each(statuses)("by %i while values are verified stores nothing and sends nothing", async (status) => {
    const remote = await start();
    const elsewhere = await start();
    const { upstream } = connect();
    remote.misbehave({ kind: "redirect", status, to: elsewhere.url });
    const outcome = await upstream.verify(serverFor(remote.url), callFor(remote.url, KEY));
    expect(outcome).toMatchObject({ kind: "unknown", code: "upstream_redirected" });
    expect(elsewhere.received).toEqual([]);
    expect(remote.received).toHaveLength(1);
  });

  it.each(["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call", "DELETE"])(
    "of %s is followed on no way out",
    async (method) => {
      const remote = await start({ era: "legacy", stateful: true });
      const elsewhere = await start();
      const { upstream } = connect();
      remote.misbehave({ kind: "redirect", status: 307, to: elsewhere.url, on: [method] });
      const probeTool = { name: "whoami", arguments: {} };
      const verification = { probeTool, hasNegativeControl: true };
      await upstream.verify(serverFor(remote.url, { verification }), callFor(remote.url, KEY));
      await upstream.request(serverFor(remote.url), callFor(remote.url, KEY), { method: "tools/list" });
      expect(remote.received.map((request) => request.method)).toContain(method);
      expect(elsewhere.received).toEqual([]);
    },
  );
});

describe("A30: a server that", () => {
  const unreachable = { kind: "failed", code: "upstream_unreachable" };
  const notMcp = { kind: "failed", code: "upstream_protocol" };
  it.each<[string, Misbehaviour, object]>([
    ["answers HTML", { kind: "html" }, notMcp],
    ["closes in the middle of its answer", { kind: "close_early" }, unreachable],
    ["ends its stream before the answer", { kind: "end_stream_early" }, unreachable],
    ["is broken", { kind: "status", status: 500 }, unreachable],
    ["is overloaded", { kind: "status", status: 503 }, unreachable],
    ["has had too many requests", { kind: "status", status: 429 }, unreachable],
    ["says 200 and nothing", { kind: "status", status: 200 }, notMcp],
    ["says 202 to a request", { kind: "status", status: 202 }, notMcp],
    ["says 418", { kind: "status", status: 418 }, notMcp],
    ["answers more than 10 MB", { kind: "big_body", bytes: 10 * 1024 * 1024 }, notMcp],
    ["sends an event of more than 10 MB", { kind: "big_event", bytes: 10 * 1024 * 1024 }, notMcp],
    ["sends more than 32 KB of headers", { kind: "big_headers", bytes: 33_000 }, notMcp],
    ["compresses though it was asked not to", { kind: "gzip" }, notMcp],
    ["nests its answer 10,000 deep", { kind: "deep", levels: 10_000 }, notMcp],
    ["speaks no HTTP", { kind: "raw", bytes: "SSH-2.0-OpenSSH_9.9\r\n" }, notMcp],
    ["lies about its length", { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}" }, unreachable],
    [
      "has two lengths",
      { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}" },
      unreachable,
    ],
    [
      "breaks its chunks",
      { kind: "raw", bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n" },
      notMcp,
    ],
    ["wants another protocol", { kind: "raw", bytes: "HTTP/1.1 101 Switching\r\nupgrade: h2c\r\n\r\n" }, unreachable],
    ["answers a result that is no object", { kind: "result", result: "text" }, notMcp],
  ])("%s ends in one clean failure", async (_, behaviour, expected) => {
    const remote = await start();
    remote.misbehave(behaviour);
    const test = connect();
    expect(await call(test, remote)).toEqual(expected);
    remote.misbehave(null);
    expect(await call(test, remote)).toMatchObject({ kind: "result" });
  });

  it.each<[string, Misbehaviour]>([
    ["never answers", { kind: "hang" }],
    ["streams comments for ever", { kind: "endless_sse" }],
  ])("%s is given up after its time", async (_, behaviour) => {
    const remote = await start();
    remote.misbehave(behaviour);
    const clock = manualClock();
    const answer = call(connect({ clock }), remote);
    await expectSoon(() => remote.received.length).toBe(1);
    clock.fire(UPSTREAM_LIMITS.callTimeoutMs);
    expect(await answer).toEqual(unreachable);
    await expectSoon(() => remote.abandoned()).toBe(1);
  });

  it("is silent for too long is given up by the time for headers, and by the time between parts", async () => {
    const remote = await start();
    const server = serverFor(remote.url, { discovered: DISCOVERED });
    const list = { method: "tools/list" };
    remote.misbehave({ kind: "hang" });
    const headers = connect({ limits: { headersTimeoutMs: 100 } }).upstream;
    expect(await headers.request(server, callFor(remote.url, KEY), list)).toEqual(unreachable);
    remote.misbehave({ kind: "silent_sse" });
    const idle = connect({ limits: { idleTimeoutMs: 100 } }).upstream;
    expect(await idle.request(server, callFor(remote.url, KEY), list)).toEqual(unreachable);
  });

  it("sends cookies gets none back", async () => {
    const remote = await start();
    const test = connect();
    remote.misbehave({
      kind: "raw",
      bytes: "HTTP/1.1 500 No\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n",
    });
    await call(test, remote);
    remote.misbehave(null);
    await call(test, remote);
    expect(remote.received.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  });

  it("answers just under the limits is heard", async () => {
    const remote = await start();
    remote.misbehave({ kind: "big_body", bytes: 10 * 1024 * 1024 - 1_000 });
    expect((await call(connect(), remote)).kind).toBe("result");
    remote.misbehave({ kind: "big_event", bytes: 1024 * 1024 - 1_000 });
    expect((await call(connect(), remote)).kind).toBe("result");
    remote.misbehave({ kind: "big_headers", bytes: 31_000 });
    expect((await call(connect(), remote)).kind).toBe("result");
  });
});

describe("A57: only codes and statuses refuse, never words", () => {
  it.each([
    [{ kind: "status", status: 401 }, "refused"],
    [{ kind: "status", status: 403 }, "refused"],
    [{ kind: "error", code: -32_001 }, "refused"],
    [{ kind: "error", code: 401 }, "refused"],
    [{ kind: "error", code: 403, status: 400 }, "refused"],
    [{ kind: "error", code: -32_401 }, "refused"],
    [{ kind: "error", code: -32_001, message: "Request timed out", data: { timeout: 60_000 } }, "error"],
    [{ kind: "error", code: -32_603, message: "401 Unauthorized" }, "error"],
    [{ kind: "error", code: -32_000, message: "forbidden" }, "error"],
    [{ kind: "result", result: { isError: true, content: [{ type: "text", text: "unauthorized" }] } }, "result"],
    [{ kind: "error", code: 401, status: 500 }, "failed"],
  ] satisfies [Misbehaviour, McpAnswer["kind"]][])("%j is answered as %s", async (behaviour, kind) => {
    const remote = await start();
    remote.misbehave(behaviour);
    expect((await call(connect(), remote)).kind).toBe(kind);
  });
});

describe("A38: a key that the server repeats", () => {
  it.each([
    ["in an error", { kind: "echo_key_in_error" }, 2],
    ["in a result, a link, an object key and nested JSON", { kind: "echo_key_in_result" }, 6],
    ["in a stream that is cut inside the key", { kind: "echo_key_in_stream" }, 6],
  ] satisfies [string, Misbehaviour, number][])(
    "%s reaches neither caller nor log, and is counted",
    async (_, behaviour, count) => {
      const remote = await start();
      remote.misbehave(behaviour);
      const test = connect();
      const seen = JSON.stringify([await call(test, remote), test.lines]);
      expect(seen).toContain("[redacted by Keyward]");
      for (const form of [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY), "0123456789"]) {
        expect(seen).not.toContain(form);
      }
      expect(seen).not.toContain(Buffer.from(`key:${KEY}`).toString("base64").slice(8, -4));
      expect(test.hits).toEqual([count]);
      expect(test.lines).toContainEqual({
        event: "upstream_value_scrubbed",
        fields: { server_id: "srv_1", hits: count },
      });
    },
  );

  it("is scrubbed when it is a static header, or a token after its scheme", async () => {
    const remote = await start({ header: "authorization" });
    remote.misbehave({ kind: "error", code: -32_603, message: "token abcdefgh12345678 of team static-secret-1" });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: DISCOVERED });
    const answer = await upstream.request(
      server,
      callFor(remote.url, KEY, {
        userHeaders: valuesOf({ authorization: "Bearer abcdefgh12345678" }),
        staticHeaders: valuesOf({ "x-team": "static-secret-1" }),
      }),
      { method: "tools/list" },
    );
    expect(answer).toMatchObject({
      error: { message: "token [redacted by Keyward] of team [redacted by Keyward]" },
    });
  });
});

describe("a failure", () => {
  it("is logged by code and cause, without address or text of the server", async () => {
    const remote = await start();
    await remote.close();
    const test = connect();
    expect(await call(test, remote)).toEqual({ kind: "failed", code: "upstream_unreachable" });
    expect(test.lines).toEqual([
      { event: "upstream_failed", fields: { server_id: "srv_1", code: "upstream_unreachable", cause: "ECONNREFUSED" } },
    ]);
  });

  it("of a URL that is none, or may not be dialled, is an answer", async () => {
    const { upstream } = connect({ allowPrivate: [] });
    const request = (url: string) => upstream.request(serverFor(url), callFor(url, KEY), { method: "tools/list" });
    expect(await request("https://user@example.com/")).toEqual({ kind: "failed", code: "upstream_url_invalid" });
    expect(await request("http://127.0.0.1:1/")).toEqual({ kind: "failed", code: "upstream_not_allowed" });
    expect(await request("https://169.254.169.254/")).toEqual({ kind: "failed", code: "upstream_not_allowed" });
  });

  it("of the caller's leaving ends the request at the server too", async () => {
    const remote = await start();
    remote.misbehave({ kind: "hang" });
    const { upstream } = connect();
    const leaving = new AbortController();
    const server = serverFor(remote.url, { discovered: DISCOVERED });
    const answer = upstream.request(server, callFor(remote.url, KEY), { method: "ping" }, { signal: leaving.signal });
    await expectSoon(() => remote.received.length).toBe(1);
    leaving.abort();
    expect(await answer).toEqual({ kind: "failed", code: "upstream_unreachable" });
    await expectSoon(() => remote.abandoned()).toBe(1);
  });
});
