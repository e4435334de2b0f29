import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { expectSoon } from "../../../test/upstream/parts.ts";
import { createEgress, type Egress } from "./door.ts";
import { EGRESS_LIMITS, type EgressLimits } from "./limits.ts";
import { createEgressPolicy } from "./policy.ts";
import type { EgressResponse } from "./receiver.ts";

const closings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
  // Nothing is left: neither a connection nor a timer that keeps the process alive.
  await expectSoon(() => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"))).toEqual([]);
});

interface Remote {
  readonly url: URL;
  /** Connections so far. */
  readonly sockets: Socket[];
}

async function serve(answer: RequestListener): Promise<Remote> {
  const sockets: Socket[] = [];
  const server = createServer(answer);
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closings.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/mcp`), sockets };
}

function door(limits: Partial<EgressLimits> = {}): Egress {
  const egress = createEgress({
    policy: createEgressPolicy(["127.0.0.1"]),
    limits: { ...EGRESS_LIMITS, ...limits },
  });
  closings.push(() => egress.close());
  return egress;
}

function ask(egress: Egress, url: URL, signal = new AbortController().signal): Promise<EgressResponse> {
  const times = { headersTimeoutMs: 10_000, idleTimeoutMs: 10_000, isStream: false };
  return egress.send({ url, method: "POST", headers: new Map(), body: "{}", signal, ...times });
}

/** Writes for as long as it is read; says how much went out. */
function endless(response: ServerResponse, wrote: (bytes: number) => void): void {
  const part = Buffer.alloc(65_536, "x");
  const more = (): void => {
    if (response.destroyed) return;
    wrote(part.length);
    if (response.write(part)) setImmediate(more);
    else response.once("drain", more);
  };
  more();
}

const UNREACHABLE = { code: "upstream_unreachable" };
const PROTOCOL = { code: "upstream_protocol" };

describe("the parts of a body", () => {
  it("come one after the other, each when the last one is done with, and end with the body", async () => {
    const { url } = await serve((_, response) => {
      response.write("a");
      setImmediate(() => response.end("b"));
    });
    const response = await ask(door(), url);
    expect([response.status, response.header("transfer-encoding"), response.header("x-none")]).toEqual([
      200,
      "chunked",
      null,
    ]);
    const log: string[] = [];
    await response.parts(async (part) => {
      log.push(`take ${String(part)}`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`done ${String(part)}`);
    });
    expect(log).toEqual(["take a", "done a", "take b", "done b"]);
  });

  it("wait in the socket, and not in memory, while a consumer is slow", async () => {
    let written = 0;
    const { url } = await serve((_, response) => endless(response, (bytes) => (written += bytes)));
    const response = await ask(door(), url);
    const first = Promise.withResolvers<void>();
    let taken = 0;
    const reading = response.parts((part) => {
      taken += part.length;
      return taken === part.length ? first.promise : taken > 64 * 1024 * 1024 ? "enough" : undefined;
    });
    // The server has filled the buffers of both sockets, a few megabytes, and can write no more.
    const before = { written: -1 };
    await expect
      .poll(
        () => {
          const isStill = written === before.written;
          before.written = written;
          return isStill;
        },
        { interval: 200, timeout: 15_000 },
      )
      .toBe(true);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    first.resolve();
    await reading;
    expect(taken).toBeGreaterThan(64 * 1024 * 1024);
    response.discard();
  });

  it("end where one was enough, and no later one is handed over", async () => {
    const { url } = await serve((_, response) => {
      response.write("one");
      setImmediate(() => response.write("two"));
    });
    const response = await ask(door(), url);
    const seen: string[] = [];
    await response.parts((part) => {
      seen.push(String(part));
      return "enough";
    });
    await response.parts(async (part) => {
      seen.push(String(part));
      return "enough" as const;
    });
    expect(seen).toEqual(["one", "two"]);
    response.discard();
  });

  it("of a body that breaks off are an error, and so is the consumer's own", async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    const egress = door();
    await expect((await ask(egress, url)).parts(() => {})).rejects.toMatchObject(UNREACHABLE);
    await expect((await ask(egress, url)).bytes()).rejects.toMatchObject(UNREACHABLE);
    const own = new Error("the consumer's own");
    const fail = (): never => {
      throw own;
    };
    await expect((await ask(egress, url)).parts(fail)).rejects.toBe(own);
    await expect((await ask(egress, url)).parts(async () => fail())).rejects.toBe(own);
  });
});

describe("a whole body", () => {
  it("is every byte of it, in one piece or many, and none", async () => {
    const bodies = ["", "{}", "x".repeat(300_000)];
    const { url } = await serve((_, response) => response.end(bodies.shift()));
    const egress = door();
    for (const length of [0, 2, 300_000]) {
      expect((await (await ask(egress, url)).bytes()).length).toBe(length);
    }
  });

  it("A30: is no longer than the limit", async () => {
    const { url } = await serve((_, response) => response.end("x".repeat(1_001)));
    await expect((await ask(door({ bodyBytes: 1_000 }), url)).bytes()).rejects.toMatchObject(PROTOCOL);
    expect((await (await ask(door({ bodyBytes: 1_001 }), url)).bytes()).length).toBe(1_001);
  });

  it("A30: all unfinished ones of an origin are bounded together, and each gives back what it kept", async () => {
    const held: ServerResponse[] = [];
    const { url } = await serve((_, response) => {
      held.push(response);
      response.write("x".repeat(400));
    });
    const other = await serve((_, response) => response.end("x".repeat(900)));
    const egress = door({ keptBytes: 1_000 });
    const read = async (): Promise<number> => {
      const response = await ask(egress, url);
      try {
        return (await response.bytes()).length;
      } finally {
        response.discard();
      }
    };
    const first = read();
    await expectSoon(() => held.length).toBe(1);
    const second = read();
    await expectSoon(() => held.length).toBe(2);
    // Their parts are here once the third is refused: it is one too many, and the others go on.
    await expect(read()).rejects.toMatchObject(PROTOCOL);
    expect((await (await ask(egress, other.url)).bytes()).length).toBe(900);
    held[0]?.end();
    expect(await first).toBe(400);
    held[1]?.destroy();
    await expect(second).rejects.toMatchObject(UNREACHABLE);

    const rounds = Array.from({ length: 5 }, async () => {
      const response = await ask(egress, url);
      response.keep(150);
      return response;
    });
    const responses = await Promise.all(rounds);
    expect(() => responses[0]?.keep(500)).toThrow(expect.objectContaining(PROTOCOL));
    responses.forEach((response) => response.discard());
    const last = await ask(egress, url);
    last.keep(1_000);
    expect(() => last.keep(1_001)).toThrow(expect.objectContaining(PROTOCOL));
    last.discard();
    held.forEach((response) => response.destroy());
  });
});

describe("a response that nobody reads", () => {
  it("gives its connection back, and the next request uses it", async () => {
    const { url, sockets } = await serve((_, response) => response.end("x".repeat(10_000)));
    const egress = door({ socketsPerOrigin: 1 });
    for (let round = 0; round < 5; round += 1) (await ask(egress, url)).discard();
    const half = await ask(egress, url);
    await half.parts(() => "enough");
    half.discard();
    half.discard();
    expect((await (await ask(egress, url)).bytes()).length).toBe(10_000);
    expect(sockets).toHaveLength(1);
  });

  it("A30: loses its connection when it goes on and on, by bytes or by time", async () => {
    let written = 0;
    const fast = await serve((_, response) => endless(response, (bytes) => (written += bytes)));
    const egress = door();
    const paused = await ask(egress, fast.url);
    paused.discard();
    await expectSoon(() => fast.sockets[0]?.destroyed).toBe(true);
    expect(written).toBeLessThan(32 * 1024 * 1024);

    const silent = await serve((_, response) => response.write("x"));
    (await ask(egress, silent.url)).discard();
    await expectSoon(() => silent.sockets[0]?.destroyed).toBe(true);
  });
});

describe("a request that is given up", () => {
  it("before its connection is free is never sent", async () => {
    const asked: string[] = [];
    const held: ServerResponse[] = [];
    const { url } = await serve((request, response) => {
      asked.push(request.url ?? "");
      held.push(response);
    });
    const egress = door({ socketsPerOrigin: 1 });
    const first = ask(egress, url);
    await expectSoon(() => asked.length).toBe(1);
    const leaving = new AbortController();
    const second = ask(egress, new URL("/second", url), leaving.signal);
    leaving.abort();
    await expect(second).rejects.toMatchObject(UNREACHABLE);
    const third = ask(egress, new URL("/third", url));
    held[0]?.end("{}");
    await (await first).bytes();
    await expectSoon(() => held.length).toBe(2);
    held[1]?.end("{}");
    await (await third).bytes();
    expect(asked).toEqual(["/mcp", "/third"]);

    const gone = ask(egress, new URL("/fourth", url), AbortSignal.abort());
    await expect(gone).rejects.toMatchObject(UNREACHABLE);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ["before the head", false],
    ["in the body", true],
  ])("%s closes its connection", async (_, hasHead) => {
    const { url, sockets } = await serve((_request, response) => void (hasHead && response.write("x")));
    const leaving = new AbortController();
    const asking = ask(door(), url, leaving.signal);
    if (!hasHead) {
      await expectSoon(() => sockets.length).toBe(1);
      leaving.abort();
      await expect(asking).rejects.toMatchObject(UNREACHABLE);
    } else {
      const response = await asking;
      const seen: string[] = [];
      const reading = response.parts((part) => {
        seen.push(String(part));
        leaving.abort();
      });
      await expect(reading).rejects.toMatchObject(UNREACHABLE);
      expect(seen).toEqual(["x"]);
      await expect(response.parts(() => {})).rejects.toMatchObject(UNREACHABLE);
    }
    await expectSoon(() => sockets[0]?.destroyed).toBe(true);
  });
});
