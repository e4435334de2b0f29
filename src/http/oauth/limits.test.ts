import { describe, expect, it } from "vitest";
import { createOauthLimits, type Counted, type OauthLimits } from "./limits.ts";

const time = { now: 0 };

function limits(): OauthLimits {
  return createOauthLimits({ now: () => time.now, schedule: () => () => {} });
}

/** How many of `count` go on. */
function taken(count: number, take: (i: number) => boolean): number {
  return Array.from({ length: count }, (_, i) => take(i)).filter(Boolean).length;
}

describe("trap 7: limits", () => {
  it.each<readonly [Counted, number]>([
    ["authorize", 60],
    ["token", 120],
    ["revoke", 60],
    ["register", 20],
  ])("of %s: %i a minute, for each address and each by itself", (what, limit) => {
    const { take } = limits();
    expect(taken(1_000, () => take(what, "203.0.113.9"))).toBe(limit);
    expect(take(what, "203.0.113.10")).toBe(true);
    expect(take(what === "token" ? "revoke" : "token", "203.0.113.9")).toBe(true);
    time.now += 60_000;
    expect(take(what, "203.0.113.9")).toBe(true);
  });

  it("count an IPv6 address with its network, and an IPv4 address in whatever form", () => {
    const { take } = limits();
    expect(taken(1_000, (i) => take("token", `2001:db8:1:2::${i.toString(16)}`))).toBe(120);
    expect(take("token", "2001:db8:1:3::1")).toBe(true);
    expect(taken(120, () => take("token", "192.0.2.1"))).toBe(120);
    expect(take("token", "::ffff:192.0.2.1")).toBe(false);
    expect(taken(1_000, (i) => take("token", i % 2 === 0 ? null : "not an address"))).toBe(120);
  });

  it("let 500 clients an hour register, from wherever they come", () => {
    const { take } = limits();
    const from = (i: number): string => `198.51.${i >> 8}.${i & 0xff}`;
    expect(taken(1_000, (i) => take("register", from(i)))).toBe(500);
    expect(take("token", from(0))).toBe(true);
    time.now += 60 * 60_000;
    expect(take("register", from(0))).toBe(true);
  });

  it("spare the host of a client: 60 documents a minute, of which 20 for one address", () => {
    const { takeDocument } = limits();
    expect(taken(1_000, () => takeDocument("app.example", "203.0.113.9"))).toBe(20);
    expect(taken(1_000, (i) => takeDocument("app.example", `203.0.113.${i % 256}`))).toBe(40);
    expect(takeDocument("other.example", "198.51.100.1")).toBe(true);
  });
});
