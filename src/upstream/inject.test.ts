import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { isKeywardError } from "../core/errors.ts";
import type { HeaderName } from "../core/header-name.ts";
import type { CallHeaders } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import { originOf } from "../core/server.ts";
import { injectHeaders } from "./inject.ts";

const url = new URL("https://mcp.example.com/mcp");

function values(pairs: Readonly<Record<string, unknown>>): CallHeaders["userHeaders"] {
  return new Map(Object.entries(pairs).map(([name, value]) => [name as HeaderName, new Secret(value as string)]));
}

function call(user: Record<string, unknown>, fixed: Record<string, unknown> = {}, origin = url.origin): CallHeaders {
  return {
    origin: originOf(new URL(origin)),
    staticHeaders: values(fixed),
    userHeaders: values(user),
    plainNames: new Set(),
    identity: null,
    credential: { id: "cred_1", version: 1 },
  };
}

function refusal(run: () => unknown): { code: string; text: string } {
  try {
    run();
  } catch (error) {
    return { code: isKeywardError(error) ? error.code : "another error", text: inspect(error, { depth: 10 }) };
  }
  return { code: "none", text: "" };
}

describe("the headers of a request", () => {
  it("are the protocol's, then the static ones, then the user's", () => {
    const protocol = new Map([["accept", "application/json"]]);
    const headers = injectHeaders(url, protocol, call({ "x-api-key": "user" }, { "x-team": "blue" }));
    expect([...headers]).toEqual([
      ["accept", "application/json"],
      ["x-team", "blue"],
      ["x-api-key", "user"],
      ["user-agent", "keyward"],
    ]);
  });

  it("may name another user agent", () => {
    expect(injectHeaders(url, new Map(), call({}, { "user-agent": "team/1" })).get("user-agent")).toBe("team/1");
  });

  it("are made only for the origin that the values belong to", () => {
    for (const origin of [
      "http://mcp.example.com",
      "https://mcp.example.com:8443",
      "https://example.com",
      "https://mcp.example.com.evil.test",
      "https://mcp.example.com.",
    ]) {
      const { code, text } = refusal(() => injectHeaders(url, new Map(), call({ "x-api-key": "canary" }, {}, origin)));
      expect([origin, code]).toEqual([origin, "internal"]);
      expect(text).not.toContain("canary");
    }
  });

  it("A35: never name one header from two sources", () => {
    const twice = call({ "x-api-key": "canary" }, { "x-api-key": "static" });
    expect(refusal(() => injectHeaders(url, new Map(), twice))).toMatchObject({ code: "internal" });
    const reserved = call({ "mcp-session-id": "canary" });
    const protocol = new Map([["mcp-session-id", "abc"]]);
    const { code, text } = refusal(() => injectHeaders(url, protocol, reserved));
    expect(code).toBe("internal");
    expect(text).not.toContain("canary");
  });

  it.each([
    ["a line feed", "canary\nx-evil: 1"],
    ["a carriage return", "canary\rx-evil: 1"],
    ["both", "canary\r\nx-evil: 1"],
    ["a NUL", "canary\0"],
    ["a DEL", "canary\x7f"],
    ["U+010A, which cut to a byte is a line feed", "canary\u010ax-evil: 1"],
    ["U+560A, which cut to a byte is a line feed", "canary\u560a"],
    ["latin-1", "canaryé"],
    ["a lone surrogate", "canary\ud800"],
    ["a leading space", " canary"],
    ["a trailing space", "canary "],
    ["a trailing tab", "canary\t"],
    ["nothing", ""],
    ["a list", ["canary", "canary"]],
    ["an object with toString", { toString: (): string => "canary\r\nx-evil: 1" }],
  ])("A31: never carry a value with %s, and the refusal does not say it", (_, value) => {
    const { code, text } = refusal(() => injectHeaders(url, new Map(), call({ "x-api-key": value })));
    expect(code).toBe("invalid_header_value");
    expect(text).toContain("x-api-key");
    expect(text).not.toContain("canary");
  });

  it.each(["X-API-Key", "x api", "x-api:", "", "x-é", "x\r\ny"])("never carry the name %j", (name) => {
    expect(refusal(() => injectHeaders(url, new Map(), call({ [name]: "canary" }))).code).toBe("invalid_header_value");
  });
});
