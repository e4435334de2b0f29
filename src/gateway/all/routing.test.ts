import { describe, expect, it } from "vitest";
import { aServer, aTool, discovered } from "../../../test/gateway/gateway-fixture.ts";
import type { Identity } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import { createRouting, type RoutedMethod } from "./routing.ts";
import type { FoundTool } from "./lists.ts";

const ANN: Identity = { mode: "virtual_key", id: "ann" };
const ECHO = aTool("echo");
const server = aServer("my_server", { discovered: discovered([ECHO]) });
const access = { server, tools: null };

const locate = async (
  method: RoutedMethod,
  params: JsonObject,
  found: FoundTool = { kind: "known", definition: ECHO },
) =>
  createRouting({
    store: { findAccess: async (_, name) => (name === "my_server" ? access : null) },
    lists: { findTool: async () => found },
  }).locate(ANN, method, params);

const sent = async (method: RoutedMethod, params: JsonObject) => {
  const located = await locate(method, params);
  return located.kind === "routed" ? { ...params, ...located.own } : located;
};

describe("a request", () => {
  it.each<[RoutedMethod, JsonObject, JsonObject]>([
    ["tools/call", { name: "my_server-a-b", arguments: { a: 1 } }, { name: "a-b", arguments: { a: 1 } }],
    ["tools/call", { name: "my_server-echo" }, { name: "echo" }],
    [
      "prompts/get",
      { name: "my_server-my prompt", arguments: { a: "1" } },
      { name: "my prompt", arguments: { a: "1" } },
    ],
    ["resources/read", { uri: "my.server+file:///x+y" }, { uri: "file:///x+y" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "my_server-p" }, argument: { name: "a", value: "" }, context: {} },
      { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" }, context: {} },
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "my.server+a:{x}" }, argument: { name: "x", value: "" } },
      { ref: { type: "ref/resource", uri: "a:{x}" }, argument: { name: "x", value: "" } },
    ],
  ])("of %s %o goes to its server as that server knows it", async (method, params, expected) => {
    expect(await sent(method, params)).toEqual(expected);
  });

  it.each<[RoutedMethod, JsonObject]>([
    ["tools/call", { name: "other-echo" }],
    ["tools/call", { name: "my_server" }],
    ["tools/call", { name: "my_server-ec ho" }],
    ["tools/call", { name: "" }],
    ["prompts/get", { name: "other-p" }],
    ["prompts/get", { name: "p" }],
    ["resources/read", { uri: "other+file:///x" }],
    ["resources/read", { uri: "file:///x" }],
    ["completion/complete", { ref: { type: "ref/prompt", name: "p" }, argument: {} }],
    ["completion/complete", { ref: { type: "ref/other", uri: "my.server+a:b" }, argument: {} }],
    ["completion/complete", { ref: { type: "ref/resource" }, argument: {} }],
  ])("of %s %o goes nowhere, whatever the reason", async (method, params) => {
    expect(await locate(method, params)).toEqual({ kind: "unknown" });
  });

  it.each<[RoutedMethod, JsonObject]>([
    ["tools/call", {}],
    ["tools/call", { name: 7 }],
    ["tools/call", { name: "my_server-echo", arguments: [] }],
    ["prompts/get", { name: "my_server-p", arguments: "x" }],
    ["resources/read", { uri: null }],
    ["completion/complete", { ref: "x", argument: {} }],
    ["completion/complete", { ref: {}, argument: {}, context: 1 }],
  ])("of %s %o is refused", async (method, params) => {
    expect(await locate(method, params)).toEqual({ kind: "invalid", why: expect.any(String) });
  });
});

describe("a tool call", () => {
  const call = (found: FoundTool) => locate("tools/call", { name: "my_server-echo" }, found);

  it("goes nowhere when the tool is not listed, and is unavailable when that cannot be found out", async () => {
    expect(await call({ kind: "unknown" })).toEqual({ kind: "unknown" });
    const unavailable = { kind: "unavailable", code: "credential_store_unavailable" } as const;
    expect(await call(unavailable)).toEqual(unavailable);
  });

  it("takes along the definition that its caller is listed, for the headers that it asks for", async () => {
    expect(await call({ kind: "known", definition: ECHO })).toMatchObject({ access, definition: ECHO });
    const own = aTool("echo", { description: "own" });
    const located = await call({ kind: "known", definition: own });
    expect(located).toMatchObject({ definition: own, access });
  });
});
