import { describe, expect, it } from "vitest";
import { systemRandom } from "./system.ts";

describe("the system's randomness", () => {
  it("gives each byte once, over many fills of its pool", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i += 1) {
      const bytes = systemRandom.bytes(16);
      expect(bytes).toHaveLength(16);
      seen.add(Buffer.from(bytes).toString("hex"));
    }
    expect(seen.size).toBe(20_000);
  });

  it("keeps nothing of what it gave: no view leads to the bytes before or after", () => {
    for (let i = 0; i < 1_100; i += 1) {
      const bytes = systemRandom.bytes(12);
      expect(bytes.buffer.byteLength).toBe(12);
    }
  });

  it.each([0, 1, 12, 16, 17, 32, 9_000])("gives %i bytes, none of them left as they were", (length) => {
    const bytes = systemRandom.bytes(length);
    expect(bytes).toHaveLength(length);
    // 24 zero bytes by chance: once in 2^192.
    expect(length > 24 && bytes.subarray(-24).every((byte) => byte === 0)).toBe(false);
  });
});
