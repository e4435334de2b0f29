import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect as tcpConnect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { buildConnector } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { isKeywardError } from "../../src/core/errors.ts";
import { createEgress, type Egress, type EgressOptions } from "../../src/upstream/egress/door.ts";
import type { ResolvedAddress } from "../../src/upstream/egress/guard.ts";
import { EGRESS_LIMITS } from "../../src/upstream/egress/limits.ts";
import { createEgressPolicy } from "../../src/upstream/egress/policy.ts";
import { expectSoon } from "./parts.ts";
import { selfSigned } from "./self-signed.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

/** Listens on a port of its own and counts connections and bytes. */
async function listen(server: Server): Promise<{ port: number; connections: () => number; bytes: () => number }> {
  let connections = 0;
  let bytes = 0;
  server.on("connection", (socket) => {
    connections += 1;
    socket.on("data", (chunk) => (bytes += chunk.length));
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections, bytes: () => bytes };
}

function egressTo(allow: readonly string[], options: Partial<EgressOptions> = {}): Egress {
  const egress = createEgress({ policy: createEgressPolicy(allow), limits: EGRESS_LIMITS, ...options });
  cleanups.push(() => egress.close());
  return egress;
}

async function outcome(egress: Egress, url: string | URL): Promise<number | string> {
  try {
    const response = await egress.send({
      url: new URL(url),
      method: "POST",
      headers: new Map([["x-api-key", "secret-value"]]),
      body: "{}",
      headersTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      isStream: false,
      signal: new AbortController().signal,
    });
    await response.bytes();
    return response.status;
  } catch (error) {
    return isKeywardError(error) ? error.code : String(error);
  }
}

const ok = () => createHttpServer((_, response) => response.end("{}"));

/** A resolver that answers from a script, the last answer for ever, and counts. */
function lyingDns(...answers: (readonly string[])[]) {
  let asked = 0;
  const resolve = async (): Promise<ResolvedAddress[]> => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  return { resolve, asked: () => asked };
}

describe("A25: a name", () => {
  // 127.0.0.1 stands for a public address here: it is the one that may be dialled. 127.0.0.2 to .9 may not.
  const allow = ["127.0.0.1"];

  it("is resolved once for a connection, and that answer is dialled", async () => {
    const { port, connections } = await listen(ok());
    const dns = lyingDns(["127.0.0.1"], ["127.0.0.2"]);
    // Over plain TCP to see the connection; the TLS handshake then fails on the far side.
    await outcome(egressTo(allow, { resolve: dns.resolve }), `https://rebind.test:${port}/`);
    expect(dns.asked()).toBe(1);
    expect(connections()).toBe(1);
  });

  it("that answers publicly first and privately second is not dialled the second time", async () => {
    const { port, connections } = await listen(ok());
    const dns = lyingDns(["127.0.0.1"], ["127.0.0.2"]);
    const egress = egressTo(allow, { resolve: dns.resolve });
    await egress.assertAllowed(new URL(`https://rebind.test:${port}/`));
    expect(await outcome(egress, `https://rebind.test:${port}/`)).toBe("upstream_not_allowed");
    expect(connections()).toBe(0);
  });

  it.each([
    [["127.0.0.1", "127.0.0.2"]],
    [["127.0.0.2", "127.0.0.1"]],
    [["127.0.0.1", "::1"]],
    [["127.0.0.1", "::ffff:127.0.0.1"]],
    [["127.0.0.1", "169.254.169.254"]],
    [["127.0.0.1", "not an address"]],
  ])("with one bad address in its answer is not dialled at all: %j", async (answer) => {
    const { port, connections } = await listen(ok());
    const { resolve } = lyingDns(answer);
    const egress = egressTo(allow, { resolve });
    expect(await outcome(egress, `https://mixed.test:${port}/`)).toBe("upstream_not_allowed");
    await expect(egress.assertAllowed(new URL(`https://mixed.test:${port}/`))).rejects.toMatchObject({
      code: "upstream_not_allowed",
    });
    expect(connections()).toBe(0);
  });

  it("without an address, or whose resolver fails, is unreachable", async () => {
    const empty = egressTo(allow, { resolve: lyingDns([]).resolve });
    expect(await outcome(empty, "https://empty.test/")).toBe("upstream_unreachable");
    const failing = egressTo(allow, { resolve: () => Promise.reject(new Error("no DNS at 10.0.0.53")) });
    expect(await outcome(failing, "https://gone.test/")).toBe("upstream_unreachable");
    await expect(failing.assertAllowed(new URL("https://gone.test/"))).rejects.toMatchObject({
      code: "upstream_unreachable",
      message: expect.not.stringContaining("10.0.0.53"),
    });
  });

  it("that is listed may be private, and over http", async () => {
    const { port } = await listen(ok());
    const { resolve } = lyingDns(["127.0.0.1"]);
    expect(await outcome(egressTo(["mcp.internal"], { resolve }), `http://mcp.internal:${port}/`)).toBe(200);
    expect(await outcome(egressTo(["mcp.internal"], { resolve }), `http://other.internal:${port}/`)).toBe(
      "upstream_not_allowed",
    );
  });

  it("is resolved by the system otherwise: localhost is loopback, and not listed", async () => {
    const { port, connections } = await listen(ok());
    expect(await outcome(egressTo([]), `https://localhost:${port}/`)).toBe("upstream_not_allowed");
    expect(connections()).toBe(0);
  });
});

describe("A27: the far end of a socket", () => {
  it.each(["http", "https"])("is judged before a byte is sent over %s", async (scheme) => {
    const { port, connections, bytes } = await listen(ok());
    const { resolve } = lyingDns(["127.0.0.2"]);
    const dialElsewhere = buildConnector({});
    const egress = egressTo(["listed.test", "127.0.0.2"], {
      resolve,
      // What it was told to dial is allowed; where it ends up (::ffff:127.0.0.1 on a dual-stack socket) is not.
      dial: (target, callback) => {
        dialElsewhere({ ...target, hostname: "127.0.0.1" }, (error, socket) => {
          if (error !== null) return callback(error, null);
          Object.defineProperty(socket, "remoteAddress", { value: "::ffff:127.0.0.1" });
          return callback(null, socket);
        });
      },
    });
    expect(await outcome(egress, `${scheme}://listed.test:${port}/`)).toBe("upstream_not_allowed");
    expect(connections()).toBe(1);
    expect(bytes()).toBe(0);
  });

  it("that is private in truth is refused though the literal was allowed", async () => {
    const { port, bytes } = await listen(ok());
    const dialLoopback = buildConnector({});
    const egress = egressTo([], {
      dial: (target, callback) => dialLoopback({ ...target, hostname: "127.0.0.1" }, callback),
    });
    expect(await outcome(egress, `https://93.184.216.34:${port}/`)).toBe("upstream_not_allowed");
    expect(bytes()).toBe(0);
  });
});

describe("A27: the dialled object is the checked one", () => {
  it.each([
    ["backslashes", (port: number) => `http:\\\\127.0.0.1:${port}\\mcp`],
    ["tabs and newlines", (port: number) => `ht\ttp://127.0.\n0.1:${port}/mcp`],
    ["full-width digits", (port: number) => `http://１２７.０.０.１:${port}/mcp`],
    ["a short form", (port: number) => `http://127.1:${port}/mcp`],
    ["hexadecimal", (port: number) => `http://0x7f000001:${port}/mcp`],
    ["octal", (port: number) => `http://0177.0.0.1:${port}/mcp`],
    ["a dword", (port: number) => `http://2130706433:${port}/mcp`],
    ["percent signs", (port: number) => `http://%31%32%37.0.0.1:${port}/mcp`],
  ])("also when it is written with %s", async (_, write) => {
    const { port, connections } = await listen(ok());
    expect(await outcome(egressTo([]), write(port))).toBe("upstream_not_allowed");
    expect(connections()).toBe(0);
    expect(await outcome(egressTo(["127.0.0.1"]), write(port))).toBe(200);
    expect(connections()).toBe(1);
  });

  it.each([
    (port: number) => `http://user:pass@127.0.0.1:${port}/`,
    (port: number) => `http://127.0.0.1:${port}/#fragment`,
    (port: number) => `ftp://127.0.0.1:${port}/`,
  ])("and a URL that hides something is no URL", async (write) => {
    const { port, connections } = await listen(ok());
    expect(await outcome(egressTo(["127.0.0.1"]), write(port))).toBe("upstream_url_invalid");
    expect(connections()).toBe(0);
  });

  it("and what stands after a backslash is path, never host", async () => {
    const { port, connections } = await listen(ok());
    const { resolve } = lyingDns([]);
    // A browser dials evil.test here; a parser that reads userinfo would dial 127.0.0.1.
    const url = `https://evil.test\\@127.0.0.1:${port}/`;
    expect(await outcome(egressTo(["127.0.0.1"], { resolve }), url)).toBe("upstream_unreachable");
    expect(connections()).toBe(0);
  });

  it("and one that changes after it was judged is judged again", async () => {
    const { port, connections } = await listen(ok());
    const egress = egressTo(["127.0.0.1"]);
    const url = new URL(`http://127.0.0.1:${port}/`);
    await egress.assertAllowed(url);
    url.hostname = "127.0.0.2";
    expect(await outcome(egress, url)).toBe("upstream_not_allowed");
    expect(connections()).toBe(0);
  });
});

describe("a pool", () => {
  it("keeps its connections for later requests", async () => {
    const { port, connections } = await listen(ok());
    const egress = egressTo(["127.0.0.1"]);
    for (let count = 0; count < 20; count += 1) {
      expect(await outcome(egress, `http://127.0.0.1:${port}/`)).toBe(200);
    }
    // One may still be finishing when the next request comes.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it("holds no more connections than it may, and lets the others wait", async () => {
    const { port, connections } = await listen(ok());
    const egress = egressTo(["127.0.0.1"], { limits: { ...EGRESS_LIMITS, socketsPerOrigin: 2 } });
    const url = `http://127.0.0.1:${port}/`;
    const statuses = await Promise.all(Array.from({ length: 20 }, () => outcome(egress, url)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(connections()).toBe(2);
  });

  it("of an origin that has to make room still finishes what it does", async () => {
    const [first, second] = [await listen(ok()), await listen(ok())];
    const egress = egressTo(["127.0.0.1"], { limits: { ...EGRESS_LIMITS, origins: 1 } });
    const both = [first, second].map(({ port }) => outcome(egress, `http://127.0.0.1:${port}/`));
    expect(await Promise.all(both)).toEqual([200, 200]);
    expect(await outcome(egress, `http://127.0.0.1:${first.port}/`)).toBe(200);
    expect(first.connections()).toBe(2);
  });

  it("that is closed sends nothing more", async () => {
    const { port, connections } = await listen(ok());
    const egress = egressTo(["127.0.0.1"]);
    await outcome(egress, `http://127.0.0.1:${port}/`);
    await egress.close();
    await expectSoon(connections).toBe(1);
  });
});

describe("environment variables", () => {
  it("name no proxy", async () => {
    const proxy = await listen(createTcpServer());
    const { port } = await listen(ok());
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "NODE_USE_ENV_PROXY"]) {
      const before = process.env[name];
      process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : `http://127.0.0.1:${proxy.port}`;
      cleanups.push(() => (before === undefined ? delete process.env[name] : (process.env[name] = before)));
    }
    expect(await outcome(egressTo(["127.0.0.1"]), `http://127.0.0.1:${port}/`)).toBe(200);
    expect(proxy.connections()).toBe(0);
  });
});

describe("TLS", () => {
  const { key, cert } = selfSigned("secure.test");
  const { resolve } = lyingDns(["127.0.0.1"]);
  const secureServer = () => createHttpsServer({ key, cert }, (_, response) => response.end("{}"));
  const requestsOf = (server: Server): (() => number) => {
    let count = 0;
    server.on("request", () => (count += 1));
    return () => count;
  };

  const trustIt = (): void => {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, cert]);
    cleanups.push(() => setDefaultCACertificates(before));
  };

  it("carries a request to a host whose certificate is trusted", async () => {
    trustIt();
    const { port } = await listen(secureServer());
    expect(await outcome(egressTo(["127.0.0.1"], { resolve }), `https://secure.test:${port}/`)).toBe(200);
  });

  it("A56: refuses a certificate that nobody vouches for, whatever the environment says", async () => {
    const server = secureServer();
    const requests = requestsOf(server);
    const { port, connections } = await listen(server);
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    cleanups.push(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    expect(await outcome(egressTo(["127.0.0.1"], { resolve }), `https://secure.test:${port}/`)).toBe(
      "upstream_unreachable",
    );
    expect(connections()).toBe(1);
    expect(requests()).toBe(0);
  });

  it("A56: refuses a certificate of another host", async () => {
    trustIt();
    const server = secureServer();
    const requests = requestsOf(server);
    const { port } = await listen(server);
    expect(await outcome(egressTo(["127.0.0.1"], { resolve }), `https://other.test:${port}/`)).toBe(
      "upstream_unreachable",
    );
    expect(requests()).toBe(0);
  });

  it("A56: is not given up for a server that speaks plain HTTP", async () => {
    const { port } = await listen(ok());
    expect(await outcome(egressTo(["127.0.0.1"]), `https://127.0.0.1:${port}/`)).toBe("upstream_unreachable");
  });
});

describe("a server that is not there", () => {
  it("is unreachable, whether it refuses or never answers the handshake", async () => {
    const silent = await listen(createTcpServer());
    const limits = { ...EGRESS_LIMITS, connectTimeoutMs: 100 };
    const egress = egressTo(["127.0.0.1"], { limits });
    expect(await outcome(egress, `https://127.0.0.1:${silent.port}/`)).toBe("upstream_unreachable");
    const gone = createTcpServer();
    const { port } = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    expect(await outcome(egress, `http://127.0.0.1:${port}/`)).toBe("upstream_unreachable");
    tcpConnect({ port: silent.port, host: "127.0.0.1" }).destroy();
  });
});
