import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { type Peer, SHARED_PEER } from "../../src/core/peer.ts";
import type { CallHeaders, ClientMessage, Clock, ExchangeEnd, ServerMessage } from "../../src/core/ports.ts";
import type { Discovered, Server } from "../../src/core/server.ts";
import {
  type Asked,
  events,
  json,
  rpc,
  type Scripted,
  type ScriptedUpstream,
  startScriptedUpstream,
} from "../fixtures/scripted-upstream.ts";
import { startOldSseUpstream } from "../fixtures/old-sse-upstream.ts";
import { callFor, expectSoon, manualClock, serverFor, type TestUpstream, upstreamForTest } from "./parts.ts";

const KEY = "key-of-alice-0123456789";
const OWN: Peer = { ...SHARED_PEER, sessionId: "downstream-1", capabilities: { roots: {} } };
const HUGE = "123456789012345678901234567890";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(script: Scripted): Promise<ScriptedUpstream & { readonly sessions: Set<string> }> {
  const remote = await startScriptedUpstream(script);
  opened.push(remote);
  return remote;
}

function connect(options: Parameters<typeof upstreamForTest>[0] = {}): TestUpstream {
  const made = upstreamForTest(options);
  opened.push(made.upstream);
  return made;
}

function known(era: Discovered["era"], isStateful: boolean): Partial<Server> {
  const protocolVersion = era === "modern" ? "2026-07-28" : "2025-11-25";
  const lists = { tools: [], prompts: [], resources: [], resourceTemplates: [] };
  const hello = { serverInfo: null, instructions: null, capabilities: {}, at: 0 };
  return { discovered: { era, protocolVersion, isStateful, ...lists, ...hello } };
}

function request(idText: string, params = "{}", method = "tools/call"): ClientMessage {
  return {
    kind: "request",
    method,
    params: JSON.parse(params) as JsonObject,
    idText,
    text: `{"jsonrpc":"2.0","id":${idText},"method":"${method}","params":${params}}`,
    era: "legacy",
  };
}

function notification(method: string, params: JsonObject = {}): ClientMessage {
  const text = JSON.stringify({ jsonrpc: "2.0", method, params });
  return { kind: "notification", method, params, idText: null, text, era: "legacy" };
}

interface Ran {
  readonly end: Promise<ExchangeEnd>;
  readonly got: ServerMessage[];
  readonly leave: AbortController;
}

interface Run {
  readonly peer?: Peer;
  readonly call?: CallHeaders;
  readonly server?: Partial<Server>;
  readonly sink?: (message: ServerMessage) => void | Promise<void>;
}

function run({ upstream }: TestUpstream, url: string, message: ClientMessage, options: Run = {}): Ran {
  const { peer = SHARED_PEER, call = callFor(url, KEY), sink } = options;
  const got: ServerMessage[] = [];
  const leave = new AbortController();
  const take = (one: ServerMessage): void | Promise<void> => {
    got.push(one);
    return sink?.(one);
  };
  const server = serverFor(url, options.server ?? known("legacy", false));
  const end = upstream.exchange(server, call, peer, message, take, { signal: leave.signal });
  return { end, got, leave };
}

const texts = (got: readonly ServerMessage[]): string[] => got.map(({ kind, text }) => `${kind} ${text}`);
const answered = { kind: "answered" };
const notice = (data: JsonValue): JsonObject => ({ jsonrpc: "2.0", method: "notifications/message", params: { data } });

describe("what comes back for a message", () => {
  it.each(['"five"', "5"])(
    "as JSON is the response under the client's id %s, and all else as it was written",
    async (id) => {
      const remote = await start({
        answer: (asked, response) =>
          json(response, `{"jsonrpc":"2.0", "result":{"x":${HUGE},"odd":[{"type":"new"}]} ,"id":${asked.idText}}`),
      });
      const { end, got } = run(connect(), remote.url, request(id, `{"name":"t","arguments":{"n":${HUGE}}}`));
      expect(await end).toEqual(answered);
      expect(texts(got)).toEqual([
        `response {"jsonrpc":"2.0", "result":{"x":${HUGE},"odd":[{"type":"new"}]} ,"id":${id}}`,
      ]);
      expect(got[0]).toMatchObject({ era: "legacy", status: 200, event: null });
      const { body, idText: sentId, headers } = remote.asked.at(-1)!;
      expect(body).toBe(
        `{"jsonrpc":"2.0","id":${sentId},"method":"tools/call","params":{"name":"t","arguments":{"n":${HUGE}}}}`,
      );
      expect(headers["x-api-key"]).toBe(KEY);
      expect(sentId).toMatch(/^\d{12,}$/);
    },
  );

  it("by events comes message after message, the next one when the last is done with", async () => {
    const log: string[] = [];
    const remote = await start({
      answer: (asked, response) => {
        const write = events(response);
        write(notice(1), "id: e-1\n");
        write(null, ": still here\n\n");
        write(notice(2), "event: message\nretry: 7\n");
        write({ jsonrpc: "2.0", method: "x", params: {} }, "event: other\n");
        write(rpc(asked, { result: { ok: true } }), "id: e-3\n");
        write(notice("after"));
        response.end();
      },
    });
    const { end, got } = run(connect(), remote.url, request("1"), {
      async sink({ message }) {
        log.push(`begin ${JSON.stringify(message["params"] ?? "response")}`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push("end");
      },
    });
    expect(await end).toEqual(answered);
    expect(log).toEqual(['begin {"data":1}', "end", 'begin {"data":2}', "end", 'begin "response"', "end"]);
    expect(got.map(({ kind, event }) => [kind, event])).toEqual([
      ["other", { id: "e-1", retryMs: null }],
      ["other", { id: null, retryMs: 7 }],
      ["response", { id: "e-3", retryMs: null }],
    ]);
    expect(got.at(-1)?.text).toBe('{"jsonrpc":"2.0","id":1,"result":{"ok":true}}');
  });

  it("as a batch (2025-03-26) is each message of it, without what is not for this client", async () => {
    const remote = await start({
      answer: (asked, response) => {
        const others = [
          { jsonrpc: "2.0", id: 1, result: {} },
          { jsonrpc: "2.0", id: 9, method: "roots/list" },
          5,
          null,
        ];
        json(response, [notice(1), ...others, rpc(asked, { result: { n: 1 } })]);
      },
    });
    const { end, got } = run(connect(), remote.url, request("1"));
    expect(await end).toEqual(answered);
    expect(texts(got)).toEqual([
      `other ${JSON.stringify(notice(1))}`,
      'response {"jsonrpc":"2.0","id":1,"result":{"n":1}}',
    ]);
  });

  it("has the client's id also where the server refused without reading it", async () => {
    const remote = await start({
      answer: (_, response) =>
        json(response, { jsonrpc: "2.0", id: null, error: { code: -32_700, message: "no" } }, 400),
    });
    const { end, got } = run(connect(), remote.url, request('"a"'));
    expect(await end).toEqual(answered);
    expect(got).toMatchObject([
      { text: '{"jsonrpc":"2.0","id":"a","error":{"code":-32700,"message":"no"}}', status: 400 },
    ]);
  });

  it("is nothing for a notification", async () => {
    const remote = await start({ isStateful: true, answer: (_, response) => void response.writeHead(202).end() });
    const made = connect();
    const message = notification("notifications/x");
    const own = run(made, remote.url, message, { peer: OWN, server: known("legacy", true) });
    expect([await own.end, own.got]).toEqual([{ kind: "accepted" }, []]);
    expect(remote.asked.at(-1)?.body).toBe(message.text);
    // Which client it came from, a shared session could not say.
    const before = remote.asked.length;
    const shared = run(made, remote.url, message, { server: known("legacy", true) });
    expect(await shared.end).toEqual({ kind: "accepted" });
    expect(remote.methods().slice(before)).not.toContain("notifications/x");
  });
});

describe("a session", () => {
  const chatty: Scripted = {
    isStateful: true,
    answer: (asked, response) => {
      const write = events(response);
      write("", "id: e-1\nretry: 9\n");
      write({ jsonrpc: "2.0", id: 77, method: "sampling/createMessage", params: {} });
      write({ jsonrpc: "2.0", id: "another", result: { of: "another" } });
      write(rpc(asked, { result: { ok: true } }), "id: e-2\n");
      response.end();
    },
  };

  it("that is shared keeps back what only its owner could answer, and answers to others (A41)", async () => {
    const remote = await start(chatty);
    const { end, got } = run(connect(), remote.url, request("1"), { server: known("legacy", true) });
    expect(await end).toEqual(answered);
    expect(texts(got)).toEqual(['response {"jsonrpc":"2.0","id":1,"result":{"ok":true}}']);
    expect(remote.asked.find(({ method }) => method === "initialize")?.message["params"]).toMatchObject({
      capabilities: {},
    });
  });

  it("of one client passes everything, hints too, in both directions byte for byte", async () => {
    const remote = await start(chatty);
    const message = request("1", `{ "x" :${HUGE} ,"_meta":{"progressToken":1}}`);
    const { end, got } = run(connect(), remote.url, message, { peer: OWN, server: known("legacy", true) });
    expect(await end).toEqual(answered);
    expect(texts(got)).toEqual([
      "hint ",
      'other {"jsonrpc":"2.0","id":77,"method":"sampling/createMessage","params":{}}',
      'other {"jsonrpc":"2.0","id":"another","result":{"of":"another"}}',
      'response {"jsonrpc":"2.0","id":1,"result":{"ok":true}}',
    ]);
    expect(got[0]?.event).toEqual({ id: "e-1", retryMs: 9 });
    expect(remote.asked.at(-1)?.body).toBe(message.text);
    expect(remote.asked.find(({ method }) => method === "initialize")?.message["params"]).toMatchObject({
      capabilities: { roots: {} },
    });
  });

  it.each([404, 400] as const)(
    "that the server forgot (%i) is opened again once, and the message sent again once",
    async (status) => {
      const remote = await start({
        isStateful: true,
        unknownSessionStatus: status,
        answer: (asked, response) => json(response, rpc(asked, { result: { in: asked.session ?? null } })),
      });
      const made = connect();
      const server = known("legacy", true);
      for (const peer of [SHARED_PEER, OWN]) {
        expect(await run(made, remote.url, request("1"), { server, peer }).end).toEqual(answered);
        remote.sessions.clear();
        remote.asked.length = 0;
        const { end, got } = run(made, remote.url, request("2"), { server, peer });
        expect(await end).toEqual(answered);
        expect(got).toHaveLength(1);
        expect(remote.methods()).toEqual(["tools/call", "initialize", "notifications/initialized", "tools/call"]);
        expect(remote.asked.at(-1)?.session).toBe([...remote.sessions][0]);
      }
    },
  );

  it("that the server never knows costs two attempts, and no more", async () => {
    const remote = await start({ isStateful: true, answer: (_, response) => void response.writeHead(500).end() });
    const made = connect();
    remote.sessions.add = () => remote.sessions;
    const { end, got } = run(made, remote.url, request("1"), { server: known("legacy", true) });
    expect((await end).kind).toBe("failed");
    expect(got).toEqual([]);
    expect(remote.methods().filter((method) => method === "tools/call").length).toBeLessThanOrEqual(2);
  });
});

describe("a refusal", () => {
  const refusals: readonly [string, Scripted["answer"]][] = [
    ["HTTP 401", (_, response) => json(response, {}, 401)],
    ["HTTP 403", (_, response) => void response.writeHead(403).end("no")],
    ["JSON-RPC", (asked, response) => json(response, rpc(asked, { error: { code: -32_001, message: "x" } }))],
    ["JSON-RPC without an id", (_, response) => json(response, { jsonrpc: "2.0", error: { code: 401, message: "x" } })],
    [
      "an event after others",
      (asked, response) => {
        const write = events(response);
        write(notice(1));
        write(rpc(asked, { error: { code: -32_001, message: "x" } }));
      },
    ],
  ];

  it.each(refusals)("by %s hands over no response, and the session is used no more", async (_, answer) => {
    let isRefusing = true;
    const remote = await start({
      isStateful: true,
      answer: (asked, response) => (isRefusing ? answer(asked, response) : json(response, rpc(asked, { result: {} }))),
    });
    const made = connect();
    const options = { server: known("legacy", true) };
    const { end, got } = run(made, remote.url, request("1"), options);
    expect(await end).toEqual({ kind: "refused" });
    expect(got.filter(({ kind }) => kind === "response")).toEqual([]);
    expect(remote.methods().filter((method) => method === "tools/call")).toHaveLength(1);
    isRefusing = false;
    expect(await run(made, remote.url, request("1"), options).end).toEqual(answered);
    expect(remote.asked.at(-1)?.session).toBe("s-2");
  });

  it.each([500, 502, 503, 429])("A57: is not what a %i means, whatever it says", async (status) => {
    const remote = await start({
      answer: (asked, response) => json(response, rpc(asked, { error: { code: -32_001, message: "401" } }), status),
    });
    expect((await run(connect(), remote.url, request("1")).end).kind).toBe("failed");
  });
});

describe("a stream that ends before the response", () => {
  const resuming = (onResume: (asked: Asked, response: ServerResponse, id: JsonValue) => void): Scripted => {
    let id: JsonValue = null;
    return {
      isStateful: true,
      answer: (asked, response) => {
        if (asked.httpMethod === "GET") {
          onResume(asked, response, id);
          return;
        }
        id = asked.id ?? null;
        const write = events(response);
        write("", "id: e-1\nretry: 5\n");
        write(notice(1), "id: e-2\n");
        response.end();
      },
    };
  };

  it("is resumed where it stopped in a shared session, after the time that the server asks for", async () => {
    const waits: number[] = [];
    const made = connect({ clock: noting(waits) });
    let resumes = 0;
    const remote = await start(
      resuming((_, response, id) => {
        const write = events(response);
        resumes += 1;
        if (resumes === 1) write(notice(2), "id: e-3\nretry: 6\n");
        else write({ jsonrpc: "2.0", id, result: { late: true } }, "id: e-4\n");
        response.end();
      }),
    );
    const { end, got } = run(made, remote.url, request("1"), { server: known("legacy", true) });
    expect(await end).toEqual(answered);
    expect(got.map(({ message }) => message["params"] ?? message["result"])).toEqual([
      { data: 1 },
      { data: 2 },
      { late: true },
    ]);
    const gets = remote.asked.filter(({ httpMethod }) => httpMethod === "GET");
    expect(
      gets.map(({ headers }) => [headers["last-event-id"], headers["mcp-session-id"], headers["x-api-key"]]),
    ).toEqual([
      ["e-2", "s-1", KEY],
      ["e-3", "s-1", KEY],
    ]);
    expect(waits.filter((ms) => ms === 5 || ms === 6)).toEqual([5, 6]);
  });

  it("is the client's to resume in a session of its own", async () => {
    const remote = await start(resuming((_, response) => void response.writeHead(500).end()));
    const made = connect();
    const { end, got } = run(made, remote.url, request("1"), { peer: OWN, server: known("legacy", true) });
    expect(await end).toEqual({ kind: "accepted" });
    expect(got.map(({ kind, event }) => [kind, event?.id])).toEqual([
      ["hint", "e-1"],
      ["other", "e-2"],
    ]);
    expect(remote.methods()).not.toContain("GET");
  });

  it("and cannot be resumed is a failure, after 20 rounds at most", async () => {
    const made = connect({ clock: noting([]) });
    const remote = await start(
      resuming((_, response) => {
        events(response)("", "id: e-9\nretry: 1\n");
        response.end();
      }),
    );
    const { end } = run(made, remote.url, request("1"), { server: known("legacy", true) });
    expect((await end).kind).toBe("failed");
    expect(remote.methods().filter((method) => method === "GET")).toHaveLength(20);
    const plain = await start({
      answer: (_, response) => {
        events(response)(notice(1));
        response.end();
      },
    });
    expect((await run(made, plain.url, request("1")).end).kind).toBe("failed");
    expect(plain.methods()).not.toContain("GET");
  });
});

/** Waits no longer than 20 ms for anything short, and says for how long it should have. */
function noting(waits: number[]): Clock {
  const clock = manualClock();
  return {
    now: () => clock.now(),
    schedule(delayMs, task) {
      waits.push(delayMs);
      if (delayMs > 1_000) return () => {};
      const timer = setTimeout(task, Math.min(delayMs, 20));
      return () => clearTimeout(timer);
    },
  };
}

describe("a client that leaves", () => {
  const hanging: Scripted = { isStateful: true, answer: (_, response) => events(response)(notice(1), "id: e-1\n") };
  const cancelled = (remote: ScriptedUpstream) =>
    remote.asked.filter(({ method }) => method === "notifications/cancelled").map(({ message }) => message["params"]);

  it("is told to a legacy server under the id that the server knows", async () => {
    const remote = await start(hanging);
    const made = connect({ clock: manualClock() });
    const { end, got, leave } = run(made, remote.url, request('"mine"'), { server: known("legacy", true) });
    await expectSoon(() => got.length).toBe(1);
    leave.abort();
    expect((await end).kind).toBe("failed");
    const { id, session } = remote.asked.find(({ method }) => method === "tools/call")!;
    await expectSoon(() => cancelled(remote)).toMatchObject([{ requestId: id }]);
    expect(remote.asked.at(-1)?.session).toBe(session);
    expect(remote.abandoned("tools/call")).toBe(1);
  });

  it("is not told for it in a session of its own, where its own notification goes on", async () => {
    const remote = await start(hanging);
    const made = connect();
    const options = { peer: OWN, server: known("legacy", true) };
    const { end, got, leave } = run(made, remote.url, request('"mine"'), options);
    await expectSoon(() => got.length).toBe(1);
    const notified = run(made, remote.url, notification("notifications/cancelled", { requestId: "mine" }), options);
    expect(await notified.end).toEqual({ kind: "accepted" });
    leave.abort();
    await end;
    await expectSoon(() => remote.abandoned("tools/call")).toBe(1);
    expect(cancelled(remote)).toEqual([{ requestId: "mine" }]);
  });

  it("is only gone for a modern server", async () => {
    const remote = await start({ ...hanging, isStateful: false, era: "modern" });
    const made = connect();
    const message = { ...request("1"), era: "modern" } as const;
    const { end, got, leave } = run(made, remote.url, message, { server: known("modern", false) });
    await expectSoon(() => got.length).toBe(1);
    leave.abort();
    await end;
    await expectSoon(() => remote.abandoned("tools/call")).toBe(1);
    expect(cancelled(remote)).toEqual([]);
  });
});

describe("P8: a credential that is revoked", () => {
  it.each(["credential", "server"] as const)(
    "ends what carries it with its %s, at once, and nothing more is sent",
    async (what) => {
      const remote = await start({
        isStateful: true,
        answer: (asked, response) =>
          asked.method === "tools/list"
            ? json(response, rpc(asked, { result: { tools: [] } }))
            : events(response)(notice(1), "id: e-1\n"),
      });
      const made = connect();
      const { upstream } = made;
      const server = serverFor(remote.url, known("legacy", true));
      const call = callFor(remote.url, KEY);
      const options = { server: known("legacy", true), call };
      const shared = run(made, remote.url, request("1"), options);
      const own = run(made, remote.url, request("1"), { ...options, peer: OWN });
      await expectSoon(() => shared.got.length + own.got.length).toBe(2);
      const heard: ServerMessage[] = [];
      const { signal } = new AbortController();
      const listening = upstream.listen(server, call, OWN, (message) => void heard.push(message), { signal });
      await expectSoon(() => heard.length).toBe(1);
      const bob = callFor(remote.url, "key-of-bob-0123456789", {
        credential: { id: "cred_bob", version: 1 },
        identity: { mode: "virtual_key", id: "vk_bob" },
      });
      const bobs = run(made, remote.url, request("1"), { ...options, call: bob });
      await expectSoon(() => bobs.got.length).toBe(1);

      const before = remote.asked.length;
      if (what === "credential") upstream.forgetCredential("cred_1");
      else upstream.forgetServer("srv_1");
      await Promise.all([shared.end, own.end, listening]);
      await expectSoon(() => remote.abandoned("tools/call")).toBe(what === "credential" ? 2 : 3);
      expect(remote.abandoned("GET")).toBe(1);
      // Whatever would still be sent is on its way before another caller's whole exchange is over.
      await run(made, remote.url, request("2", "{}", "tools/list"), { ...options, call: bob }).end;
      expect(remote.asked.slice(before).filter(({ key }) => key === KEY)).toEqual([]);
      bobs.leave.abort();
      await bobs.end;
    },
  );
});

describe("the time for an exchange", () => {
  /** A clock that stands until it is advanced. */
  function steppingClock() {
    const timers = new Set<{ readonly due: number; readonly task: () => void }>();
    let now = 0;
    const clock: Clock = {
      now: () => now,
      schedule(delayMs, task) {
        const timer = { due: now + delayMs, task };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    };
    const advance = (ms: number): void => {
      now += ms;
      for (const timer of timers) if (timer.due <= now && timers.delete(timer)) timer.task();
    };
    return { clock, advance };
  }

  async function hung(method = "tools/call", era: ClientMessage["era"] = "legacy") {
    const { clock, advance } = steppingClock();
    const held = Promise.withResolvers<{ write: ReturnType<typeof events>; response: ServerResponse; asked: Asked }>();
    const remote = await start({
      era: "both",
      answer: (asked, response) => {
        const write = events(response);
        write(notice(0));
        if (asked.method === "x/end") {
          write(rpc(asked, { result: {} }));
          return;
        }
        held.resolve({ write, response, asked });
      },
    });
    const made = connect({ clock, limits: { socketsPerOrigin: 1 } });
    const ran = run(made, remote.url, { ...request("1", "{}", method), era }, { server: known(era, false) });
    await expectSoon(() => ran.got.length).toBe(1);
    return { ...ran, ...(await held.promise), advance, made, remote };
  }

  it("begins again with each message, and not with bytes", async () => {
    const { end, got, write, response, advance } = await hung();
    for (let count = 1; count <= 3; count += 1) {
      advance(119_999);
      write(notice(count));
      await expectSoon(() => got.length).toBe(count + 1);
    }
    advance(119_999);
    // More than the sockets hold: they have been read when the last one is out.
    const comments = `:${"x".repeat(65_536)}\n\n`;
    for (let count = 0; count < 512; count += 1) {
      await new Promise<void>((resolve) => response.write(comments, () => resolve()));
    }
    advance(1);
    expect(await end).toEqual({ kind: "failed", code: "upstream_unreachable" });
  });

  it("is ten minutes in all, however much is said in it", async () => {
    const { end, got, write, advance } = await hung();
    for (let count = 1; count <= 9; count += 1) {
      advance(60_000);
      write(notice(count));
      await expectSoon(() => got.length).toBe(count + 1);
    }
    advance(60_000);
    expect(await end).toEqual({ kind: "failed", code: "upstream_unreachable" });
  });

  it("ends a stream that is silent, and does not resume it", async () => {
    const { end, got, write, advance, remote } = await hung();
    write("", "id: e-1\n");
    write(notice(1));
    await expectSoon(() => got.length).toBe(2);
    advance(120_000);
    expect(await end).toEqual({ kind: "failed", code: "upstream_unreachable" });
    expect(remote.methods()).toEqual(["tools/call"]);
  });

  it("P16: does not matter to others: subscriptions leave the connections for calls free", async () => {
    const { made, remote, leave, end } = await hung("subscriptions/listen", "modern");
    const second = run(
      made,
      remote.url,
      { ...request("2", "{}", "x/end"), era: "modern" },
      { server: known("modern", false) },
    );
    expect(await second.end).toEqual(answered);
    leave.abort();
    await end;
  });

  it("has no end for a subscription", async () => {
    const { end, got, write, advance, asked } = await hung("subscriptions/listen", "modern");
    advance(3_600_000);
    write(notice(1));
    await expectSoon(() => got.length).toBe(2);
    write(rpc(asked, { result: {} }));
    expect(await end).toEqual(answered);
  });
});

describe("a server of HTTP with SSE (2024-11-05)", () => {
  it("answers an exchange on its channel, under the client's id, and gets notifications of one client's session", async () => {
    const remote = await startOldSseUpstream((key) => key === KEY);
    opened.push(remote);
    const made = connect();
    const message = request('"a"', '{"name":"repeat","arguments":{"text":"hello"}}');
    const { end, got } = run(made, remote.url, message, { server: {} });
    expect(await end).toEqual(answered);
    expect(got).toMatchObject([
      {
        kind: "response",
        message: { id: "a", result: { content: [{ text: "hello for key-of-alice" }] } },
        event: null,
      },
    ]);
    expect(got).toHaveLength(1);
    const bad = run(made, remote.url, message, { server: {}, call: callFor(remote.url, "wrong-key-0123456789") });
    expect(await bad.end).toEqual({ kind: "refused" });
    const own = run(made, remote.url, request("5", "{}", "no/such"), { server: {}, peer: OWN });
    expect(await own.end).toEqual(answered);
    expect(own.got[0]?.message).toMatchObject({ id: 5, error: { code: -32_601 } });
    remote.cut();
    await expectSoon(remote.streams).toBe(0);
    expect(await run(made, remote.url, message, { server: {} }).end).toEqual(answered);
  });
});
