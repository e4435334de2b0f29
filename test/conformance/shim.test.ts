import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Shim, startShim } from "./shim.ts";

let target: Server;
let targetHost: string;
let shim: Shim;
let answer: (incoming: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  target = createServer((incoming, response) => answer(incoming, response));
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  targetHost = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  shim = await startShim(`http://${targetHost}/mcp/x`, { "x-api-key": "added" });
});

afterEach(async () => {
  await shim.close();
  target.closeAllConnections();
  target.close();
});

/** Unlike fetch, this sends whatever Host and Origin it is told. */
async function send(headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const outgoing = request(shim.url, { method: "POST", headers, agent: false });
  outgoing.end("body");
  const [reply] = (await once(outgoing, "response")) as [IncomingMessage];
  return reply;
}

async function textOf(stream: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

it("adds the headers and leaves path, method and body alone", async () => {
  answer = (incoming, response) => {
    void textOf(incoming).then((body) => {
      const { method, url, headers } = incoming;
      response.end(JSON.stringify([method, url, headers["x-api-key"], headers["mcp-method"], body]));
    });
  };
  const reply = await send({ "mcp-method": "ping" });
  expect(JSON.parse(await textOf(reply))).toEqual(["POST", "/mcp/x", "added", "ping", "body"]);
});

it("passes a foreign Host and Origin on, and translates only its own", async () => {
  answer = ({ headers: { host, origin } }, response) => response.end(JSON.stringify([host, origin]));
  const own = new URL(shim.url);
  const seen = async (host: string, origin: string): Promise<unknown> =>
    JSON.parse(await textOf(await send({ host, origin })));

  expect(await seen(own.host, own.origin)).toEqual([targetHost, `http://${targetHost}`]);
  expect(await seen("evil.example.com", "http://evil.example.com")).toEqual([
    "evil.example.com",
    "http://evil.example.com",
  ]);
  expect(await seen(`${own.host}.evil`, `https://${own.host}`)).toEqual([`${own.host}.evil`, `https://${own.host}`]);
});

it("hands each part of a stream on as it comes, and its end as an abort if it was one", async () => {
  let respond: ServerResponse | undefined;
  answer = (_, response) => {
    respond = response;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  };
  const reply = await send({});
  const received: string[] = [];
  for (const part of ["one", "two"]) {
    respond?.write(part);
    const [chunk] = (await once(reply, "data")) as [Buffer];
    received.push(chunk.toString());
  }
  expect(received).toEqual(["one", "two"]);

  const aborted = once(reply, "error");
  respond?.destroy();
  expect(await aborted).toEqual([expect.objectContaining({ code: "ECONNRESET" })]);
});

it("ends the request when the client goes away", async () => {
  const gone = new Promise<void>((resolve) => {
    answer = (_, response) => {
      response.on("close", resolve);
      response.writeHead(200).flushHeaders();
    };
  });
  (await send({})).destroy();
  await expect(gone).resolves.toBeUndefined();
});
