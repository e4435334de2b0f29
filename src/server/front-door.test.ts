import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFrontDoor } from "./front-door.ts";

let server: Server;
let port: number;
let judge: (message: IncomingMessage) => string | null;

beforeEach(async () => {
  server = createServer((message, response) => response.end(String(judge(message))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Sends exactly these headers, as any client could. */
function verdict(headers: Record<string, string | string[]>, path = "/mcp"): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", path, headers, setHost: false }, (response) => {
      response.setEncoding("utf8").on("data", resolve);
    });
    outgoing.on("error", reject).end();
  });
}

describe("the front door", () => {
  beforeEach(() => {
    const door = createFrontDoor("https://keyward.example", port, true);
    judge = (message) => door.refuse(message);
  });

  it("lets in the public host and the listener's own loopback names", async () => {
    for (const host of ["keyward.example", "KEYWARD.example", `127.0.0.1:${port}`, `localhost:${port}`]) {
      expect(await verdict({ host })).toBe("null");
    }
    expect(await verdict({ host: "keyward.example", origin: "https://keyward.example" })).toBe("null");
  });

  it.each([
    ["a rebinding name", "evil.example"],
    ["the public host on another port", "keyward.example:8443"],
    ["a loopback name on another port", "127.0.0.1:1"],
    ["a host with userinfo", "keyward.example@evil.example"],
    ["a host with a fragment", "keyward.example#evil"],
    ["a host with a query", "keyward.example?evil"],
    ["a suffix", "keyward.example.evil.example"],
    ["an empty host", ""],
  ])("refuses %s before the body is read", async (_what, host) => {
    expect(await verdict({ host })).toBe("foreign_host");
  });

  it.each([["https://evil.example"], ["null"], ["http://keyward.example"], ["https://keyward.example:444"], [""]])(
    "refuses the origin %j",
    async (origin) => {
      expect(await verdict({ host: "keyward.example", origin })).toBe("foreign_origin");
    },
  );

  it("lets a probe name any host, and only to ask for health", async () => {
    expect(await verdict({ host: "10.2.3.4:4180" }, "/readyz")).toBe("null");
    expect(await verdict({ host: "10.2.3.4:4180" }, "/healthz?x=1")).toBe("null");
    expect(await verdict({ host: "10.2.3.4:4180" }, "/healthz/../mcp")).toBe("foreign_host");
  });
});

describe("the front door of a listener that is not on loopback", () => {
  it("does not answer to loopback names", async () => {
    const door = createFrontDoor("https://keyward.example", port, false);
    judge = (message) => door.refuse(message);
    expect(await verdict({ host: `127.0.0.1:${port}` })).toBe("foreign_host");
    expect(await verdict({ host: "keyward.example" })).toBe("null");
  });
});
