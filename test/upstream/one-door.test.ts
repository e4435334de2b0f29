import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Upstream } from "../../src/core/ports.ts";
import { startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { startOldSseUpstream } from "../fixtures/old-sse-upstream.ts";
import { callFor, expectSoon, serverFor, upstreamForTest } from "./parts.ts";
import { selfSigned } from "./self-signed.ts";

const KEY = "key-of-alice-0123456789";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

/** Counts the connections that come in. */
async function listen(server: NetServer): Promise<{ readonly port: number; connections(): number }> {
  let connections = 0;
  server.on("connection", (socket) => {
    connections += 1;
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** The resolver of the door, which alone knows the names: whoever dials past it finds nothing. */
function countingDns() {
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    return [{ address: "127.0.0.1", family: 4 }];
  };
  return { resolve, asked: () => asked };
}

/** Passes everything on to a fixture, and counts its own connections. */
async function inFrontOf(url: string) {
  const target = new URL(url);
  return listen(
    createHttpServer((request, response) => {
      void relay(target, request, response);
    }),
  );
}

const relay = async (target: URL, ...[request, response]: Parameters<RequestListener>): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const leaving = new AbortController();
  response.on("close", () => leaving.abort());
  const headers = Object.entries(request.headers).filter(
    ([name]) => !/^(?:host|connection|content-length)$/.test(name),
  );
  try {
    const answer = await fetch(new URL(request.url ?? "/", target), {
      method: request.method ?? "GET",
      headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      redirect: "manual",
      signal: leaving.signal,
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.flushHeaders();
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  } catch {
    response.destroy();
  }
};

async function useAll(upstream: Upstream, url: string): Promise<void> {
  const outcome = await upstream.verify(serverFor(url), callFor(url, KEY));
  expect(outcome).toMatchObject({ kind: "accepted", strength: "proven" });
  const discovered = outcome.kind === "accepted" ? outcome.discovered : null;
  for (const server of [serverFor(url), serverFor(url, { id: "srv_2", discovered })]) {
    const list = await upstream.request(server, callFor(url, KEY), { method: "tools/list" });
    expect(list.kind).toBe("result");
  }
  upstream.forgetCredential("cred_1");
  expect((await upstream.request(serverFor(url), callFor(url, KEY), { method: "tools/list" })).kind).toBe("result");
}

describe("A28: the one door", () => {
  const accepts = (value: string | undefined) => value === KEY;
  const remotes = [
    ["a legacy server", () => startHeaderUpstream({ era: "legacy", accepts })],
    [
      "a legacy server with sessions, by SSE",
      () => startHeaderUpstream({ era: "legacy", stateful: true, respondWith: "sse", accepts }),
    ],
    ["a modern server", () => startHeaderUpstream({ era: "modern", accepts })],
    ["a server of HTTP with SSE", () => startOldSseUpstream(accepts)],
  ] as const;

  it.each(remotes)("is on the way of every connection to %s", async (_, startRemote) => {
    const remote = await startRemote();
    cleanups.push(() => remote.close());
    const proxy = await listen(createHttpServer());
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"]) {
      const before = process.env[name];
      process.env[name] = `http://127.0.0.1:${proxy.port}`;
      cleanups.push(() => (before === undefined ? delete process.env[name] : (process.env[name] = before)));
    }
    const front = await inFrontOf(remote.url);
    const dns = countingDns();
    const { upstream } = upstreamForTest({ allowPrivate: ["only-the-door-knows.test"], resolve: dns.resolve });
    cleanups.push(() => upstream.close());
    await useAll(upstream, `http://only-the-door-knows.test:${front.port}${new URL(remote.url).pathname}`);
    await expectSoon(front.connections).toBe(dns.asked());
    expect(dns.asked()).toBeGreaterThan(0);
    expect(proxy.connections()).toBe(0);
  });

  it("is not left for what a refusal points to: no discovery of an authorisation server", async () => {
    const victim = await listen(createHttpServer((_, response) => response.end("{}")));
    const metadata = `http://127.0.0.1:${victim.port}/.well-known/oauth-protected-resource`;
    const challenge = {
      "www-authenticate": `Bearer resource_metadata="${metadata}"`,
      link: `<${metadata}>; rel="preload"`,
    };
    const remote = await listen(createHttpServer((_, response) => response.writeHead(401, challenge).end()));
    const { upstream } = upstreamForTest();
    cleanups.push(() => upstream.close());
    const url = `http://127.0.0.1:${remote.port}/mcp`;
    expect(await upstream.verify(serverFor(url), callFor(url, KEY))).toMatchObject({
      kind: "rejected",
      step: "connect",
    });
    expect(await upstream.request(serverFor(url), callFor(url, KEY), { method: "ping" })).toEqual({ kind: "refused" });
    expect(victim.connections()).toBe(0);
  });
});

describe("A25: a server of HTTP with SSE whose name", () => {
  const { key, cert } = selfSigned("rebind.test");

  /** Over TLS, because http is only for names that are listed, and those may be private. */
  async function start(listener: RequestListener) {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, cert]);
    cleanups.push(() => setDefaultCACertificates(before));
    const seen: string[] = [];
    const server = createHttpsServer({ key, cert }, (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      listener(request, response);
    });
    const { port } = await listen(server);
    return { url: `https://rebind.test:${port}/sse`, seen };
  }

  it.each([
    ["is private when the stream is opened", ["POST /sse", "POST /sse"]],
    ["is private when the endpoint is posted to", ["POST /sse", "POST /sse", "GET /sse"]],
  ])("%s is not dialled there", async (_, expected) => {
    const remote = await start((request, response) => {
      request.resume();
      if (request.method === "GET") {
        response.writeHead(200, { "content-type": "text/event-stream" }).write("event: endpoint\ndata: /messages\n\n");
      } else {
        // The next request needs a connection of its own, and so an answer of the resolver.
        response.writeHead(404, { connection: "close" }).end();
      }
    });
    const resolve = async () => [
      { address: remote.seen.length < expected.length ? "127.0.0.1" : "127.0.0.2", family: 4 },
    ];
    const { upstream } = upstreamForTest({ resolve });
    cleanups.push(() => upstream.close());
    const answer = await upstream.request(serverFor(remote.url), callFor(remote.url, KEY), { method: "tools/list" });
    expect(answer).toEqual({ kind: "failed", code: "upstream_not_allowed" });
    expect(remote.seen).toEqual(expected);
  });
});
