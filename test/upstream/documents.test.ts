import { createServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { createDocuments, type ClosableDocuments } from "../../src/upstream/documents.ts";
import { codeOf } from "../contract/fixtures.ts";
import { selfSigned } from "./self-signed.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    await cleanup();
  }
});

const time = { now: 1_800_000_000_000 };
const clock: Clock = {
  now: () => time.now,
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Site {
  readonly port: number;
  readonly paths: string[];
}

const { key, cert } = selfSigned("app.example");

/** A host of the public internet, as far as the guard can tell when it is allowed. */
async function site(listener: RequestListener): Promise<Site> {
  const paths: string[] = [];
  const server = createHttpsServer({ key, cert }, (request, response) => {
    paths.push(request.url ?? "");
    listener(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, cert]);
  cleanups.push(() => {
    setDefaultCACertificates(before);
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, paths };
}

function documents(allowPrivate: readonly string[] = ["127.0.0.1"]): ClosableDocuments {
  const resolve = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
  const made = createDocuments({ clock, allowPrivate, resolve });
  cleanups.push(() => made.close());
  return made;
}

const json =
  (text: string): RequestListener =>
  (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=300" }).end(text);
  };

describe("a document of a stranger", () => {
  it("is read over https, with how long it may be kept", async () => {
    const { port, paths } = await site(json('{"a":1}'));
    expect(await documents().read(new URL(`https://app.example:${port}/client.json?v=1`))).toEqual({
      status: 200,
      cacheControl: "max-age=300",
      text: '{"a":1}',
    });
    expect(paths).toEqual(["/client.json?v=1"]);
  });

  it("A25: is read from public addresses alone, however the host is written, and never over http", async () => {
    const { port, paths } = await site(json("{}"));
    const plain = createServer((_, response) => void response.end("{}"));
    await new Promise<void>((resolve) => void plain.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => plain.close());
    const plainPort = (plain.address() as AddressInfo).port;
    const guarded = documents([]);
    for (const url of [
      `https://app.example:${port}/`,
      `https://127.0.0.1:${port}/`,
      `https://2130706433:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      "https://10.0.0.1/",
      "https://169.254.169.254/latest",
      `http://127.0.0.1:${plainPort}/`,
      `http://app.example:${plainPort}/`,
    ]) {
      expect(await codeOf(guarded.read(new URL(url))), url).toBe("upstream_not_allowed");
    }
    expect(await codeOf(guarded.read(new URL("https://user@app.example/")))).toBe("upstream_url_invalid");
    expect(await codeOf(guarded.read(new URL("file:///etc/passwd")))).toBe("upstream_url_invalid");
    expect(paths).toEqual([]);
  });

  it("A29: is not looked for where a redirect points", async () => {
    const { port, paths } = await site((_, response) => void response.writeHead(302, { location: "/other" }).end("x"));
    expect(await documents().read(new URL(`https://app.example:${port}/a`))).toMatchObject({ status: 302, text: "" });
    expect(paths).toEqual(["/a"]);
  });

  it("A30: is a page of JSON, not a flood of it", async () => {
    const { port } = await site(json(`"${"x".repeat(16_384)}"`));
    expect(await codeOf(documents().read(new URL(`https://app.example:${port}/`)))).toBe("upstream_protocol");
  });

  it("is asked for once a minute, whoever asks, and whatever came of it", async () => {
    let status = 200;
    const { port, paths } = await site((_, response) => void response.writeHead(status).end("{}"));
    const made = documents();
    const url = new URL(`https://app.example:${port}/client.json`);
    await Promise.all(Array.from({ length: 50 }, () => made.read(url)));
    expect(paths).toHaveLength(1);
    time.now += 59_999;
    status = 500;
    expect((await made.read(url)).status).toBe(200);
    time.now += 1;
    expect((await made.read(url)).status).toBe(500);
    await Promise.all(Array.from({ length: 50 }, () => made.read(url)));
    expect(paths).toHaveLength(2);
    const nowhere = new URL(`https://app.example:1/client.json`);
    for (let i = 0; i < 50; i += 1) {
      expect(await codeOf(made.read(nowhere))).toBe("upstream_unreachable");
    }
  });

  it("of many is remembered for no more than some", async () => {
    const { port, paths } = await site(json("{}"));
    const made = documents();
    for (let i = 0; i <= 200; i += 1) {
      await made.read(new URL(`https://app.example:${port}/${i}`));
    }
    await made.read(new URL(`https://app.example:${port}/200`));
    expect(paths).toHaveLength(201);
    await made.read(new URL(`https://app.example:${port}/0`));
    expect(paths).toHaveLength(202);
  });
});
