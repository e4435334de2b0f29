import { describe, expect, it } from "vitest";
import { createRateLimit } from "./rate-limit.ts";

describe("a rate limit", () => {
  it("counts each key on its own, and anew in each window", () => {
    let now = 1_000;
    const limit = createRateLimit(
      { now: () => now, schedule: () => () => undefined },
      { windowMs: 60_000, maxKeys: 10 },
    );
    expect([limit.take("a", 2), limit.take("a", 2), limit.take("a", 2)]).toEqual([true, true, false]);
    expect(limit.take("b", 2)).toBe(true);
    now += 60_000;
    expect(limit.take("a", 2)).toBe(true);
  });

  it("A16: remembers a bounded number of keys", () => {
    const limit = createRateLimit({ now: () => 0, schedule: () => () => undefined }, { windowMs: 60_000, maxKeys: 2 });
    expect(limit.take("a", 1)).toBe(true);
    limit.take("b", 1);
    limit.take("c", 1);
    expect(limit.take("a", 1)).toBe(true);
    expect(limit.take("c", 1)).toBe(false);
  });
});
