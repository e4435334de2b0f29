import { describe, expect, it } from "vitest";
import { isAuthError, parseJson, responseTo } from "./json-rpc.ts";

describe("JSON from outside", () => {
  it("is read, and what is none is null", () => {
    expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] });
    expect(parseJson("<html>")).toBeNull();
    expect(parseJson("")).toBeNull();
  });

  it("may be 128 levels deep and no deeper", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect(parseJson(nested(128))).not.toBeNull();
    expect(parseJson(nested(130))).toBeNull();
    expect(parseJson(nested(1_000_000))).toBeNull();
    expect(parseJson('{"a":'.repeat(200) + "1" + "}".repeat(200))).toBeNull();
  });
});

describe("the response to a request", () => {
  const result = { jsonrpc: "2.0", id: 7, result: { ok: true } };
  const error = { jsonrpc: "2.0", id: 7, error: { code: -1, message: "no", data: [1] } };

  it("is found by its id, alone or in a batch", () => {
    expect(responseTo(7, result, false)).toEqual({ kind: "result", result: { ok: true } });
    expect(responseTo(7, error, false)).toEqual({ kind: "error", error: { code: -1, message: "no", data: [1] } });
    expect(responseTo(7, [{ jsonrpc: "2.0", method: "ping", id: 7 }, { ...result, id: 8 }, result], false)).toEqual({
      kind: "result",
      result: { ok: true },
    });
  });

  it.each([
    ["another id", { ...result, id: 8 }],
    ["an id that only looks the same", { ...result, id: "7" }],
    ["a request of the server", { ...result, method: "sampling/createMessage" }],
    ["a result that is no object", { ...result, result: [1] }],
    ["an error without a code", { ...error, error: { message: "no" } }],
    ["nothing", null],
    ["text", "result"],
    ["an empty batch", []],
  ])("is not %s", (_, received) => {
    expect(responseTo(7, received, true)).toBeNull();
  });

  it("may lack its id only as an error, and only where that is said", () => {
    expect(responseTo(7, { ...error, id: null }, true)).toMatchObject({ kind: "error" });
    expect(responseTo(7, { ...error, id: null }, false)).toBeNull();
    expect(responseTo(7, { ...result, id: null }, true)).toBeNull();
  });
});

describe("an authorisation error", () => {
  it("is known by its code and never by its words", () => {
    const message = "anything";
    expect([401, 403, -32_401, -32_403, -32_001].map((code) => isAuthError({ code, message }, 200))).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(isAuthError({ code: -32_603, message: "401 Unauthorized" }, 200)).toBe(false);
  });

  it("is not the session that a 404 or 400 speaks of, nor a timeout that a proxy passes on", () => {
    expect(isAuthError({ code: -32_001, message: "Session not found" }, 404)).toBe(false);
    expect(isAuthError({ code: -32_001, message: "No session" }, 400)).toBe(false);
    expect(isAuthError({ code: -32_001, message: "Request timed out", data: { timeout: 60_000 } }, 200)).toBe(false);
  });
});
