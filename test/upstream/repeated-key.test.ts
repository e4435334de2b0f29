import { afterEach, describe, expect, it } from "vitest";
import { type Peer, SHARED_PEER } from "../../src/core/peer.ts";
import type { ClientMessage, ServerMessage } from "../../src/core/ports.ts";
import { type Asked, rpc, type ScriptedUpstream, startScriptedUpstream } from "../fixtures/scripted-upstream.ts";
import { betrays, canaryValue } from "../helpers/canary.ts";
import { callFor, serverFor, type TestUpstream, upstreamForTest } from "./parts.ts";

const KEY = canaryValue("split");
const OWN: Peer = { ...SHARED_PEER, sessionId: "downstream-1" };
const REDACTED = "[redacted by Keyward]";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

type Write = (part: string) => Promise<void>;

/** A server that writes its answer in parts, each of them on the wire before the next. */
async function start(type: string, answer: (asked: Asked, write: Write) => Promise<void>): Promise<ScriptedUpstream> {
  const remote = await startScriptedUpstream({
    isStateful: true,
    answer: async (asked, response) => {
      response.writeHead(200, { "content-type": type });
      await answer(asked, async (part) => {
        await new Promise<void>((resolve) => response.write(part, () => setImmediate(resolve)));
      });
      response.end();
    },
  });
  opened.push(remote);
  return remote;
}

function connect(): TestUpstream {
  const made = upstreamForTest();
  opened.push(made.upstream);
  return made;
}

const message: ClientMessage = {
  kind: "request",
  method: "tools/call",
  params: { name: "t" },
  idText: "1",
  text: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}',
  era: "legacy",
};

async function received({ upstream }: TestUpstream, url: string, peer: Peer): Promise<ServerMessage[]> {
  const got: ServerMessage[] = [];
  const server = serverFor(url);
  const end = await upstream.exchange(server, callFor(url, KEY), peer, message, (one) => void got.push(one));
  expect(end).toEqual({ kind: "answered" });
  return got;
}

function expectClean(got: readonly ServerMessage[], lines: TestUpstream["lines"]): void {
  expect(betrays(Buffer.from(JSON.stringify([got, lines])))).toBe(false);
}

describe("A38: a key that the server repeats", () => {
  it.each([
    ["events", "text/event-stream"],
    ["JSON", "application/json"],
  ])("is taken out of %s, wherever the bytes are cut", async (_, type) => {
    let at = 0;
    const lengths: number[] = [];
    const remote = await start(type, async (asked, write) => {
      const notice = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { data: asked.key } });
      const body = JSON.stringify(rpc(asked, { result: { content: [{ type: "text", text: `é ${asked.key}` }] } }));
      const text = type === "application/json" ? body : `data: ${notice}\n\nid: 1\ndata: ${body}\n\n`;
      lengths.push(text.length);
      await write(text.slice(0, at));
      await write(text.slice(at));
    });
    const made = connect();
    const perCall = type === "application/json" ? 1 : 2;
    for (at = 1; at === 1 || at < (lengths[0] ?? 0); at += 1) {
      const got = await received(made, remote.url, at % 2 === 0 ? OWN : SHARED_PEER);
      expect(got).toHaveLength(perCall);
      for (const { text } of got) expect(text).toContain(REDACTED);
      expectClean(got, made.lines);
    }
    // Every occurrence was counted, for the metric and in the log.
    expect(made.hits).toEqual(lengths.map(() => perCall));
    expect(made.lines.filter(({ event }) => event === "upstream_value_scrubbed")).toHaveLength(lengths.length);
  });

  it("is taken out of an event that comes byte by byte, on several lines, and escaped in every way", async () => {
    const escaped = [...KEY].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
    const nested = JSON.stringify(JSON.stringify({ key: KEY }));
    const remote = await start("text/event-stream", async (asked, write) => {
      const body = `{"jsonrpc":"2.0","id":${asked.idText},"result":{"a":"${KEY}",\n"${KEY}":"${escaped}",\n"c":${nested}}}`;
      const event = `${body
        .split("\n")
        .map((line) => `data: ${line}\r\n`)
        .join("")}\r\n`;
      for (const byte of event) await write(byte);
    });
    const made = connect();
    const got = await received(made, remote.url, SHARED_PEER);
    expectClean(got, made.lines);
    expect(got[0]?.text.split(REDACTED)).toHaveLength(5);
    expect(Object.keys(JSON.parse(got[0]?.text ?? "{}") as object)).toEqual(["jsonrpc", "id", "result"]);
    expect(made.hits).toEqual([4]);
  });
});
