import { describe, expect, it } from "vitest";
import { clientNameOf } from "./client-name.ts";

describe("the name of a client", () => {
  it.each([
    ["Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"],
    ["Firefox on iOS", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 FxiOS/143.0"],
    [
      "Chrome on macOS",
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    ],
    [
      "Chrome on Android",
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    ],
    [
      "Edge on Windows",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    ],
    [
      "Safari on iPadOS",
      "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    ],
    ["curl", "curl/8.14.1"],
    ["Node.js", "node"],
    ["Linux", "SomethingElse/1.0 (X11; Linux)"],
  ])("is %s", (name, userAgent) => {
    expect(clientNameOf(userAgent)).toBe(name);
  });

  it("is words of a closed list, whatever a client says of itself", () => {
    expect(clientNameOf("Firefox-but-not-really <b>sk-secret</b>")).toBeNull();
    expect(clientNameOf("Firefox/1 <img src=x> sk-secret Linux")).toBe("Firefox on Linux");
    expect(clientNameOf("x".repeat(100_000) + " Firefox/1")).toBeNull();
    expect([clientNameOf(undefined), clientNameOf(null), clientNameOf("")]).toEqual([null, null, null]);
  });
});
