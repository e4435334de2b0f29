import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { clientAddress, parseCidr, type Cidr } from "./client-address.ts";

function cidrs(...texts: string[]): Cidr[] {
  return texts.map(parseCidr).filter((cidr) => cidr !== null);
}

function addressOf(peer: string, forwarded: string[], trusted: Cidr[]): string | null {
  const message = {
    socket: { remoteAddress: peer },
    rawHeaders: forwarded.flatMap((value) => ["X-Forwarded-For", value]),
  };
  return clientAddress(message as unknown as IncomingMessage, trusted);
}

describe("the client's address", () => {
  it("is the socket's when the peer is not a listed proxy, whatever the request claims", () => {
    expect(addressOf("203.0.113.9", ["1.2.3.4"], [])).toBe("203.0.113.9");
    expect(addressOf("203.0.113.9", ["1.2.3.4"], cidrs("10.0.0.0/8"))).toBe("203.0.113.9");
  });

  it("is the first one from the right that is not a listed proxy", () => {
    const trusted = cidrs("10.0.0.0/8", "192.0.2.7");
    expect(addressOf("10.0.0.1", ["6.6.6.6, 203.0.113.9, 192.0.2.7"], trusted)).toBe("203.0.113.9");
    expect(addressOf("10.0.0.1", ["6.6.6.6", "203.0.113.9"], trusted)).toBe("203.0.113.9");
    expect(addressOf("10.0.0.1", ["10.0.0.2"], trusted)).toBe("10.0.0.2");
  });

  it("stops at what is not an address", () => {
    expect(addressOf("10.0.0.1", ["203.0.113.9, <script>"], cidrs("10.0.0.0/8"))).toBe("10.0.0.1");
  });

  it("is shown in IPv4 form when it is mapped into IPv6", () => {
    expect(addressOf("::ffff:127.0.0.1", [], [])).toBe("127.0.0.1");
    expect(addressOf("::ffff:10.0.0.1", ["203.0.113.9"], cidrs("10.0.0.0/8"))).toBe("203.0.113.9");
  });
});

describe("a connection", () => {
  it("keeps its address, and each of its requests is judged by what it says itself", () => {
    const socket = { remoteAddress: "10.0.0.1" };
    const trusted = cidrs("10.0.0.0/8");
    const addressFor = (...forwarded: string[]) => {
      const rawHeaders = forwarded.flatMap((value) => ["x-forwarded-for", value]);
      return clientAddress({ socket, rawHeaders } as unknown as IncomingMessage, trusted);
    };
    expect([addressFor("203.0.113.9"), addressFor("203.0.113.8"), addressFor()]).toEqual([
      "203.0.113.9",
      "203.0.113.8",
      "10.0.0.1",
    ]);
    socket.remoteAddress = "203.0.113.7";
    expect(addressFor("203.0.113.9")).toBe("203.0.113.7");
  });
});

describe("a listed proxy", () => {
  it("is a CIDR or an address, and nothing else", () => {
    expect(parseCidr("10.0.0.0/8")).not.toBeNull();
    expect(parseCidr("2001:db8::/32")).not.toBeNull();
    expect(parseCidr("192.0.2.7")?.[1]).toBe(32);
    expect(parseCidr("10.0.0.0/33")).toBeNull();
    expect(parseCidr("everyone")).toBeNull();
  });
});
