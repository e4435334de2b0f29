import { afterEach, describe, expect, it } from "vitest";
import type { McpAnswer, Upstream } from "../../src/core/ports.ts";
import type { Discovered, Server } from "../../src/core/server.ts";
import { systemClock } from "../../src/server/system.ts";
import {
  fingerprint,
  type HeaderUpstream,
  type HeaderUpstreamOptions,
  startHeaderUpstream,
} from "../fixtures/header-upstream.ts";
import { callFor, expectSoon, serverFor, type TestUpstream, upstreamForTest, valuesOf } from "./parts.ts";

const KEY = "key-of-alice-0123456789";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(options: HeaderUpstreamOptions = {}): Promise<HeaderUpstream> {
  const remote = await startHeaderUpstream(options);
  opened.push(remote);
  return remote;
}

function connect(options: Parameters<typeof upstreamForTest>[0] = {}): TestUpstream {
  const made = upstreamForTest(options);
  opened.push(made.upstream);
  return made;
}

function whoami(upstream: Upstream, server: Server, key = KEY, call = callFor(server.url, key)): Promise<McpAnswer> {
  return upstream.request(server, call, { method: "tools/call", params: { name: "whoami", arguments: {} } });
}

function textOf(answer: McpAnswer): unknown {
  return answer.kind === "result" ? answer.result["content"] : answer;
}

function said(key: string): unknown {
  return [{ type: "text", text: fingerprint(key) }];
}

function discovered(era: Discovered["era"], isStateful = false): Discovered {
  const protocolVersion = era === "modern" ? "2026-07-28" : "2025-11-25";
  return {
    tools: [],
    era,
    protocolVersion,
    isStateful,
    serverInfo: null,
    instructions: null,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    capabilities: {},
    at: 0,
  };
}

function methods(remote: HeaderUpstream): string[] {
  return remote.received.map(({ method }) => method);
}

const ERAS: readonly (readonly [string, HeaderUpstreamOptions])[] = [
  ["legacy, stateless", { era: "legacy" }],
  ["legacy, stateful", { era: "legacy", stateful: true }],
  ["legacy, stateful, answering by SSE", { era: "legacy", stateful: true, respondWith: "sse" }],
  ["legacy of 2025-03-26", { era: "legacy", legacyVersion: "2025-03-26" }],
  ["modern", { era: "modern" }],
  ["modern, answering by SSE", { era: "modern", respondWith: "sse" }],
  ["of both eras", { era: "both" }],
];

describe.each(ERAS)("a server that is %s", (_, options) => {
  it("gets the stored key with the call and answers it", async () => {
    const remote = await start({ ...options, accepts: (value) => value === KEY });
    const { upstream } = connect();
    expect(textOf(await whoami(upstream, serverFor(remote.url)))).toEqual(said(KEY));
    expect(remote.received.every(({ headerValue }) => headerValue === KEY)).toBe(true);
  });

  it("refuses a wrong key without anything else being sent", async () => {
    const remote = await start({ ...options, accepts: (value) => value === KEY });
    const { upstream } = connect();
    expect(await whoami(upstream, serverFor(remote.url), "wrong-key")).toEqual({ kind: "refused" });
    expect(methods(remote)).not.toContain("tools/call");
  });

  it("answers a tool error and a protocol error as they are", async () => {
    const remote = await start(options);
    const { upstream } = connect();
    const server = serverFor(remote.url);
    const call = callFor(remote.url, KEY);
    const unknownTool = await upstream.request(server, call, { method: "tools/call", params: { name: "nope" } });
    expect(unknownTool).toMatchObject({ kind: "result", result: { isError: true } });
    const unknownMethod = await upstream.request(server, call, { method: "no/such" });
    expect(unknownMethod).toMatchObject({ kind: "error", error: { code: -32_601 } });
  });
});

describe("a known profile", () => {
  it("spares the handshake of a stateless legacy server", async () => {
    const remote = await start({ era: "legacy" });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy") });
    await whoami(upstream, server);
    expect(methods(remote)).toEqual(["tools/call"]);
    expect(remote.received[0]?.headers["mcp-protocol-version"]).toBe("2025-11-25");
  });

  it("spares the question to a modern server", async () => {
    const remote = await start({ era: "modern" });
    const { upstream } = connect();
    await whoami(upstream, serverFor(remote.url, { discovered: discovered("modern") }));
    expect(methods(remote)).toEqual(["tools/call"]);
  });

  it("is learned by the first call when verification left none", async () => {
    const remote = await start({ era: "legacy" });
    const { upstream } = connect();
    const server = serverFor(remote.url);
    await whoami(upstream, server);
    await whoami(upstream, server);
    expect(methods(remote).filter((method) => method === "tools/call")).toHaveLength(2);
    expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(1);
  });

  it.each([
    ["stateless to stateful", "legacy", { era: "legacy", stateful: true }],
    ["stateless to stateful, by 400", "legacy", { era: "legacy", stateful: true, unknownSessionStatus: 400 }],
    ["legacy to modern", "legacy", { era: "modern" }],
  ] as const)("is learned anew when the server went from %s", async (_, era, options) => {
    const remote = await start(options);
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered(era) });
    expect(textOf(await whoami(upstream, server))).toEqual(said(KEY));
    const before = remote.received.length;
    expect(textOf(await whoami(upstream, server))).toEqual(said(KEY));
    expect(remote.received.length - before).toBe(1);
  });

  it("is learned anew when a modern server went back to legacy", async () => {
    const remote = await start({ era: "legacy", stateful: true, unknownSessionStatus: 400 });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("modern") });
    expect(textOf(await whoami(upstream, server))).toEqual(said(KEY));
  });

  it("of a revision that this version does not speak is not believed", async () => {
    const remote = await start({ era: "legacy" });
    const { upstream } = connect();
    const future = { ...discovered("modern"), protocolVersion: "2031-01-01" };
    expect(textOf(await whoami(upstream, serverFor(remote.url, { discovered: future })))).toEqual(said(KEY));
    expect(remote.received.map(({ headers }) => headers["mcp-protocol-version"])).not.toContain("2031-01-01");
  });
});

describe("a session of a stateful server", () => {
  const stateful = { era: "legacy", stateful: true } as const;

  it("is opened once for calls that come at the same time", async () => {
    const remote = await start(stateful);
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const answers = await Promise.all(Array.from({ length: 20 }, () => whoami(upstream, server)));
    expect(answers.map(textOf)).toEqual(answers.map(() => said(KEY)));
    expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(1);
    expect(remote.sessions.size).toBe(1);
  });

  it("survives that the call which opened it is cancelled", async () => {
    const remote = await start(stateful);
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const leaving = new AbortController();
    const message = { method: "tools/call", params: { name: "whoami", arguments: {} } };
    const first = upstream.request(server, callFor(remote.url, KEY), message, { signal: leaving.signal });
    const second = whoami(upstream, server);
    leaving.abort();
    expect(await first).toEqual({ kind: "failed", code: "upstream_unreachable" });
    expect(textOf(await second)).toEqual(said(KEY));
    expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(1);
  });

  it.each([404, 400] as const)(
    "that the server forgot is opened anew once, told by %i",
    async (unknownSessionStatus) => {
      const remote = await start({ ...stateful, unknownSessionStatus });
      const { upstream } = connect();
      const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
      await whoami(upstream, server);
      remote.endSessions();
      const answers = await Promise.all([whoami(upstream, server), whoami(upstream, server)]);
      expect(answers.map(textOf)).toEqual([said(KEY), said(KEY)]);
      expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(2);
    },
  );

  it("that is refused is not asked for in another era: a wrong key is sent once", async () => {
    const remote = await start({ ...stateful, accepts: () => false });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    expect(await whoami(upstream, server)).toEqual({ kind: "refused" });
    expect(methods(remote)).toEqual(["initialize"]);
  });

  it("is not waited for by a caller who has left", async () => {
    const remote = await start(stateful);
    remote.misbehave({ kind: "hang", on: ["initialize"] });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const leaving = new AbortController();
    const call = callFor(remote.url, KEY);
    const answer = upstream.request(server, call, { method: "tools/list" }, { signal: leaving.signal });
    await expectSoon(() => methods(remote)).toEqual(["initialize"]);
    leaving.abort();
    expect(await answer).toEqual({ kind: "failed", code: "upstream_unreachable" });
    expect(remote.abandoned()).toBe(0);
  });

  it.each([404, 400])("that is never known costs one retry and no more, told by an empty %i", async (status) => {
    const remote = await start(stateful);
    remote.misbehave({ kind: "status", status, on: ["tools/call"] });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    expect(await whoami(upstream, server)).toEqual({ kind: "failed", code: "upstream_protocol" });
    expect(methods(remote).filter((method) => method === "tools/call")).toHaveLength(2);
    expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(2);
  });

  it("is never used with another credential, nor with another version of it or of the server", async () => {
    const remote = await start(stateful);
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const sessionOf = async (target: Server, key: string, credential: { id: string; version: number } | null) => {
      await whoami(upstream, target, key, callFor(remote.url, key, { credential }));
      return remote.received.at(-1)?.headers["mcp-session-id"];
    };
    const used = [
      await sessionOf(server, KEY, { id: "cred_a", version: 1 }),
      await sessionOf(server, "key-of-bob-9876543210", { id: "cred_b", version: 1 }),
      await sessionOf(server, "new-key-of-alice-0123", { id: "cred_a", version: 2 }),
      await sessionOf({ ...server, version: 2 }, KEY, { id: "cred_a", version: 1 }),
      await sessionOf(server, KEY, null),
    ];
    expect(new Set(used).size).toBe(used.length);
    expect(await sessionOf(server, KEY, { id: "cred_a", version: 1 })).toBe(used[0]);
  });

  it("P14: is never shared by two identities, also where the server asks neither for a key of its own", async () => {
    const remote = await start(stateful);
    const { upstream } = connect();
    const server = serverFor(remote.url, { authType: "headers", discovered: discovered("legacy", true) });
    const sessionOf = async (id: string) => {
      const identity = { mode: "virtual_key", id } as const;
      await whoami(upstream, server, KEY, callFor(remote.url, KEY, { credential: null, identity }));
      return remote.received.at(-1)?.headers["mcp-session-id"];
    };
    const [alice, bob, again] = [await sessionOf("vk_a"), await sessionOf("vk_b"), await sessionOf("vk_a")];
    expect([bob === alice, again === alice]).toEqual([false, true]);
  });

  it("is let go when idle, and the least recently used one when there are too many", async () => {
    const remote = await start(stateful);
    let now = 0;
    const clock = { ...systemClock, now: () => now };
    const { upstream } = connect({ clock, limits: { sessionIdleMs: 1_000, sessions: 2 } });
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const use = (id: string) =>
      whoami(upstream, server, KEY, callFor(remote.url, KEY, { credential: { id, version: 1 } }));
    const opened = () => methods(remote).filter((method) => method === "initialize").length;
    await use("a");
    now = 999;
    await use("a");
    expect(opened()).toBe(1);
    now = 1_999;
    await use("a");
    expect(opened()).toBe(2);
    await use("b");
    await use("a");
    await use("c");
    await use("a");
    expect(opened()).toBe(4);
    await use("b");
    expect(opened()).toBe(5);
  });

  it("with an id that could not stand in a header is none", async () => {
    const remote = await start({ era: "legacy", stateful: true, newSessionId: () => "two words" });
    const { upstream } = connect();
    expect(await whoami(upstream, serverFor(remote.url))).toEqual({ kind: "failed", code: "upstream_protocol" });
  });
});

describe("ids", () => {
  it("A41: are Keyward's own, so that callers in one session never meet", async () => {
    const remote = await start({ era: "legacy", stateful: true });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    await Promise.all(Array.from({ length: 50 }, () => whoami(upstream, server)));
    const ids = remote.received.filter(({ method }) => method === "tools/call").map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
  });

  it("of progress tokens and of the caller's own envelope are not passed on", async () => {
    const remote = await start({ era: "both" });
    const { upstream } = connect();
    const meta = {
      progressToken: 7,
      traceparent: "00-1",
      "io.modelcontextprotocol/clientInfo": { name: "claude", version: "9" },
      "io.modelcontextprotocol/protocolVersion": "1999-01-01",
    };
    const message = { method: "tools/call", params: { name: "whoami", arguments: {}, _meta: meta } };
    await upstream.request(
      serverFor(remote.url, { discovered: discovered("legacy") }),
      callFor(remote.url, KEY),
      message,
    );
    expect(remote.received.at(-1)?.params["_meta"]).toEqual({ traceparent: "00-1" });
    await upstream.request(
      serverFor(remote.url, { id: "srv_2", discovered: discovered("modern") }),
      callFor(remote.url, KEY),
      message,
    );
    expect(remote.received.at(-1)?.params["_meta"]).toEqual({
      traceparent: "00-1",
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "keyward", version: "1" },
    });
  });
});

describe("what is forgotten", () => {
  it.each(["credential", "server"] as const)(
    "A52, P8: a %s ends its calls and its session, without a DELETE",
    async (what) => {
      const remote = await start({ era: "legacy", stateful: true });
      const { upstream } = connect();
      const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
      await whoami(upstream, server);
      remote.misbehave({ kind: "hang", on: ["tools/call"] });
      const arrived = remote.received.length + 1;
      const underWay = whoami(upstream, server);
      await expectSoon(() => remote.received.length).toBe(arrived);
      if (what === "credential") {
        upstream.forgetCredential("cred_1");
      } else {
        upstream.forgetServer("srv_1");
      }
      expect(await underWay).toEqual({ kind: "failed", code: "upstream_unreachable" });
      await expectSoon(() => remote.abandoned()).toBe(1);
      remote.misbehave(null);
      expect(methods(remote)).not.toContain("DELETE");
      expect(remote.received).toHaveLength(arrived);
      await whoami(upstream, server);
      expect(methods(remote).filter((method) => method === "initialize")).toHaveLength(2);
    },
  );

  it("A52: a credential ends the handshake that carries it, for everyone who waits for it", async () => {
    const remote = await start({ era: "legacy", stateful: true });
    remote.misbehave({ kind: "hang", on: ["initialize"] });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const waiting = [whoami(upstream, server), whoami(upstream, server)];
    await expectSoon(() => methods(remote)).toEqual(["initialize"]);
    upstream.forgetCredential("cred_1");
    expect(await Promise.all(waiting)).toEqual([
      { kind: "failed", code: "upstream_unreachable" },
      { kind: "failed", code: "upstream_unreachable" },
    ]);
  });

  it("leaves the calls of others alone", async () => {
    const remote = await start({ era: "legacy", stateful: true });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy", true) });
    const calls = whoami(upstream, server);
    upstream.forgetCredential("cred_2");
    upstream.forgetServer("srv_2");
    expect(textOf(await calls)).toEqual(said(KEY));
  });
});

describe("notifications", () => {
  it("are sent without an id and answered by what HTTP says", async () => {
    const remote = await start({ era: "legacy" });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("legacy") });
    const answer = await upstream.request(server, callFor(remote.url, KEY), {
      method: "notifications/roots/list_changed",
    });
    expect(answer).toEqual({ kind: "result", result: {} });
    expect(remote.received.at(-1)?.id).toBeUndefined();
  });
});

describe("A33, A35: on the wire", () => {
  const lines = (rawHeaders: readonly string[], name: string): string[] =>
    rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);

  it("each header stands once, with exactly the stored value", async () => {
    const remote = await start({ era: "modern" });
    const { upstream } = connect();
    const server = serverFor(remote.url, {
      discovered: {
        ...discovered("modern"),
        tools: [
          {
            name: "whoami",
            inputSchema: {
              type: "object",
              properties: { Authorization: { type: "string", "x-mcp-header": "Authorization" } },
            },
          },
        ],
      },
    });
    const call = callFor(remote.url, KEY, {
      staticHeaders: valuesOf({ authorization: "Bearer static-token", "x-team": "blue" }),
    });
    // All that a client can influence: names in parameters, arguments and `_meta`.
    const answer = await upstream.request(server, call, {
      method: "tools/call",
      params: {
        name: "whoami",
        arguments: {
          "x-api-key": "evil",
          Authorization: "evil\r\nx-api-key: evil",
          "X-Upstream-Authorization": "evil",
        },
        headers: { "x-api-key": "evil" },
        _meta: { "x-api-key": "evil", "Mcp-Param-Authorization": "evil", "io.modelcontextprotocol/x-api-key": "evil" },
      },
    });
    expect(textOf(answer)).toEqual(said(KEY));
    const { rawHeaders = [] } = remote.received[0] ?? {};
    expect(lines(rawHeaders, "x-api-key")).toEqual([KEY]);
    expect(lines(rawHeaders, "authorization")).toEqual(["Bearer static-token"]);
    expect(lines(rawHeaders, "x-team")).toEqual(["blue"]);
    expect(lines(rawHeaders, "mcp-param-authorization")).toEqual([
      `=?base64?${Buffer.from("evil\r\nx-api-key: evil").toString("base64")}?=`,
    ]);
    const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "authorization",
      "connection",
      "content-length",
      "content-type",
      "host",
      "mcp-method",
      "mcp-name",
      "mcp-param-authorization",
      "mcp-protocol-version",
      "user-agent",
      "x-api-key",
      "x-team",
    ]);
  });

  it("a name from two sources is not sent at all", async () => {
    const remote = await start();
    const { upstream } = connect();
    const call = callFor(remote.url, KEY, { staticHeaders: valuesOf({ "x-api-key": "static" }) });
    await expect(whoami(upstream, serverFor(remote.url), KEY, call)).rejects.toMatchObject({ code: "internal" });
    expect(remote.received).toEqual([]);
  });

  it("a tool name cannot become a header of its own", async () => {
    const remote = await start({ era: "modern" });
    const { upstream } = connect();
    const server = serverFor(remote.url, { discovered: discovered("modern") });
    const name = "größe\r\nx-api-key: evil";
    const answer = await upstream.request(server, callFor(remote.url, KEY), { method: "tools/call", params: { name } });
    expect(answer).toMatchObject({ kind: "result", result: { isError: true } });
    const { rawHeaders = [] } = remote.received[0] ?? {};
    expect(lines(rawHeaders, "x-api-key")).toEqual([KEY]);
    expect(lines(rawHeaders, "mcp-name")).toEqual([`=?base64?${Buffer.from(name).toString("base64")}?=`]);
  });

  it("A09, P1: values of another origin are not sent at all", async () => {
    const remote = await start();
    const { upstream } = connect();
    for (const other of ["https://127.0.0.1/", remote.url.replace("http:", "https:"), "http://127.0.0.1:1/"]) {
      const call = callFor(other, KEY);
      await expect(whoami(upstream, serverFor(remote.url), KEY, call)).rejects.toMatchObject({ code: "internal" });
      await expect(upstream.verify(serverFor(remote.url), call)).rejects.toMatchObject({ code: "internal" });
    }
    expect(remote.received).toEqual([]);
  });
});
