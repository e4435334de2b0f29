import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EventStream, openEventStream } from "./event-stream.ts";
import type { KeepAlive } from "./keep-alive.ts";

const HEAD = { "x-test": "1" };

interface Opened {
  readonly stream: EventStream;
  readonly client: IncomingMessage;
  readonly response: ServerResponse;
  readonly beats: Set<() => void>;
}

/** A real server that answers one request with a stream, and a real client that reads it when the test does. */
async function open(options: Partial<Parameters<typeof openEventStream>[1]> = {}): Promise<Opened> {
  const beats = new Set<() => void>();
  const keepAlive: KeepAlive = {
    add(beat) {
      beats.add(beat);
      return () => void beats.delete(beat);
    },
  };
  const opened = Promise.withResolvers<Pick<Opened, "stream" | "response">>();
  const server = createServer((_request, response) => {
    const stream = openEventStream(response, { requestId: "req_1", keepAlive, headers: HEAD, ...options });
    opened.resolve({ stream, response });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const request = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", agent: false });
  const [client] = (await once(request, "response")) as [IncomingMessage];
  client.on("error", () => {});
  return { ...(await opened.promise), client, beats };
}

async function textOf(client: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe("an event stream", () => {
  it("begins with its head at once, before there is any event", async () => {
    const { client } = await open();
    expect(client.statusCode).toBe(200);
    expect(client.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "x-request-id": "req_1",
      "x-test": "1",
    });
  });

  it("sends messages, hints and comments as events, what was missed first", async () => {
    const { stream, client } = await open({ replay: [{ eventId: "a.1", json: "{}" }] });
    await stream.send(`{"a":"ü"}`);
    await stream.send(Buffer.from(`{"b":"漢"}`), { eventId: "a.2", retryMs: 1_500.7 });
    stream.hint({ eventId: "a.2", retryMs: 10 });
    stream.comment();
    stream.end();
    expect(await textOf(client)).toBe(
      [
        `id: a.1\ndata: {}\n\n`,
        `data: {"a":"ü"}\n\n`,
        `id: a.2\nretry: 1500\ndata: {"b":"漢"}\n\n`,
        `id: a.2\nretry: 10\ndata:\n\n`,
        `:\n\n`,
      ].join(""),
    );
    await stream.closed;
    expect([stream.isOpen, stream.signal.aborted]).toEqual([false, false]);
  });

  it("keeps JSON with line breaks on one line, so that no message can hold an event of its own", async () => {
    const { stream, client } = await open();
    const json = `{\r\n "a": 1,\n\ndata: "x"\r}`;
    const bytes = Buffer.from(json);
    await stream.send(json);
    await stream.send(bytes, { eventId: "1\ndata: forged" });
    await stream.send(Buffer.from("[\n]"));
    await stream.send(Buffer.from("[\r]"));
    stream.end();
    const line = `data: {   "a": 1,  data: "x" }\n\n`;
    expect(await textOf(client)).toBe(`${line}${line}data: [ ]\n\ndata: [ ]\n\n`);
    expect(bytes.toString(), "the caller's bytes were changed").toBe(json);
  });

  it("beats with a comment, and no more once it is over", async () => {
    const { stream, client, beats } = await open();
    expect(beats.size).toBe(1);
    beats.forEach((beat) => beat());
    stream.end();
    expect(await textOf(client)).toBe(":\n\n");
    await stream.closed;
    expect(beats.size).toBe(0);
    await stream.send("{}");
    stream.hint({});
    stream.end();
  });

  it("aborts its signal when the client leaves, and lets nobody wait for it any more", async () => {
    const { stream, client, beats } = await open();
    client.pause();
    let last = Promise.resolve();
    for (let i = 0; i < 100; i += 1) last = stream.send("x".repeat(10_000));
    client.destroy();
    await stream.closed;
    await last;
    expect([stream.signal.aborted, stream.isOpen, beats.size]).toEqual([true, false, 0]);
  });

  it("of a client that has left before is over from the start", async () => {
    const { response, stream, client } = await open();
    client.destroy();
    await stream.closed;
    const late = openEventStream(response, { requestId: "req_2", keepAlive: { add: () => () => {} } });
    await late.closed;
    await late.send("{}");
    expect([late.isOpen, late.signal.aborted]).toEqual([false, true]);
  });

  it("makes whoever relays wait until the client reads", async () => {
    const { stream, client, response } = await open();
    client.pause();
    const message = Buffer.alloc(8_388_608, "x");
    let isSent = false;
    const sending = stream.send(message).then(() => (isSent = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([isSent, response.writableLength > 0]).toEqual([false, true]);
    const reading = textOf(client);
    await sending;
    stream.end();
    expect((await reading).length).toBe("data: \n\n".length + message.length);
  });

  it("never waits in vain, whatever the size of a message is to that of a buffer", async () => {
    const { stream, client } = await open();
    const reading = textOf(client);
    for (const size of [16_384, 32_768, 65_536]) {
      for (let length = size - 20; length <= size + 4; length += 1) await stream.send(Buffer.alloc(length, "x"));
    }
    stream.end();
    expect((await reading).split("\n\n")).toHaveLength(3 * 25 + 1);
  });

  it("A44: cuts off a client that leaves more than 1 MB unread while nobody waits", async () => {
    const { stream, client, response } = await open();
    client.pause();
    const message = Buffer.alloc(65_536, "x");
    let sent = 0;
    // Far more than the socket's buffers hold.
    while (stream.isOpen && sent < 1_000) {
      sent += 1;
      void stream.send(message);
      expect(response.writableLength).toBeLessThan(1_048_576 + 2 * message.length);
      if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await stream.closed;
    expect([stream.signal.aborted, sent < 1_000]).toEqual([true, true]);
  });

  it("A44: cuts off a client that has read nothing for 20 beats, and writes nothing more to it meanwhile", async () => {
    const { stream, client, response, beats } = await open();
    client.pause();
    void stream.send(Buffer.alloc(8_388_608, "x"));
    await new Promise((resolve) => setImmediate(resolve));
    const buffered = response.writableLength;
    for (let i = 0; i < 19; i += 1) beats.forEach((beat) => beat());
    expect([stream.isOpen, response.writableLength]).toEqual([true, buffered]);
    beats.forEach((beat) => beat());
    await stream.closed;
    expect(stream.signal.aborted).toBe(true);
  });
});
