import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { Server } from "../../src/core/server.ts";
import {
  aServer,
  aTool,
  discovered,
  legacy,
  type Listener,
  listen,
  modern,
  NOW,
  type RawAnswer,
  readyWith,
  send,
  World,
} from "./gateway-fixture.ts";

let world: World;
let gate: Listener;
let key: string;

const NOTE =
  "Keyward: your key for github was set 2 minutes ago from Firefox on Linux, 203.0.113.9. " +
  "If that was not you, revoke it at http://127.0.0.1:4180/";

beforeEach(async () => {
  world = new World();
  key = world.addKey("vk_ann");
  gate = await listen(world);
});
afterEach(() => gate.close());

/** A server of an era that Ann has just given a key, through a link. */
function newlyConnected(era: "modern" | "legacy", tool: JsonObject = aTool("echo")): Server {
  const server = aServer("github", { discovered: discovered([tool], { era }) });
  world.servers.push(server);
  const untold = {
    credentialId: "cred_github",
    version: 1,
    setAt: NOW - 120_000,
    setFrom: { client: "Firefox on Linux", address: "203.0.113.9" },
  };
  world.resolve({ mode: "virtual_key", id: "vk_ann" }, server, { ...readyWith(server, "sk-ann"), untold } as ReturnType<
    typeof readyWith
  >);
  return server;
}

function resultOf({ body }: RawAnswer): JsonObject {
  return (body?.["result"] ?? {}) as JsonObject;
}

describe.each([
  ["/mcp", "github-echo"],
  ["/mcp/github", "echo"],
])("on %s", (path, name) => {
  const call = (request: typeof legacy, method = "tools/call"): Promise<RawAnswer> =>
    send(gate, request(key, method, { name, arguments: {} }, path));

  it.each([
    ["a legacy client, a legacy server", legacy, "legacy"],
    ["a modern client, a legacy server", modern, "legacy"],
    ["a legacy client, a modern server", legacy, "modern"],
    ["a modern client, a modern server", modern, "modern"],
  ] as const)(
    "%s: the first result has the note behind what the server says, and no later one",
    async (_, request, era) => {
      newlyConnected(era);
      const first = resultOf(await call(request));
      expect(first["content"]).toEqual([
        { type: "text", text: "done" },
        { type: "text", text: NOTE },
      ]);
      expect(world.told).toEqual(["cred_github/1"]);
      const second = resultOf(await call(request));
      expect(second).toEqual({ ...first, content: [{ type: "text", text: "done" }] });
      expect(world.told).toHaveLength(1);
    },
  );

  it("structured content stays what the output schema says", async () => {
    const schema = {
      type: "object",
      properties: { n: { type: "number" } },
      required: ["n"],
      additionalProperties: false,
    };
    newlyConnected("modern", aTool("echo", { outputSchema: schema }));
    world.upstream = () => ({
      kind: "result",
      result: { content: [{ type: "text", text: '{"n":1}' }], structuredContent: { n: 1 } },
    });
    const result = resultOf(await call(legacy));
    expect(result["structuredContent"]).toEqual({ n: 1 });
    expect(result["content"]).toEqual([
      { type: "text", text: '{"n":1}' },
      { type: "text", text: NOTE },
    ]);
  });

  it("a failure, an error and a server that is away are not told of; the next result is", async () => {
    newlyConnected("legacy");
    const failures = [
      { kind: "result", result: { content: [{ type: "text", text: "no" }], isError: true } },
      { kind: "error", error: { code: -32_602, message: "no" } },
      { kind: "failed", code: "upstream_unreachable" },
    ] as const;
    for (const failure of failures) {
      world.upstream = () => failure;
      expect((await call(legacy)).text).not.toContain("was set");
    }
    expect(world.told).toEqual([]);
    world.upstream = () => ({ kind: "result", result: { content: [] } });
    expect(resultOf(await call(legacy))["content"]).toEqual([{ type: "text", text: NOTE }]);
  });

  it("what is no tool's is passed as it is", async () => {
    newlyConnected("legacy");
    world.upstream = () => ({ kind: "result", result: { content: [], messages: [] } });
    const { text } = await send(gate, legacy(key, "prompts/get", { name }, path));
    expect(text).not.toContain("was set");
    expect(world.told).toEqual([]);
  });

  it("two calls at once are told once between them", async () => {
    newlyConnected("legacy");
    const answers = await Promise.all([call(legacy), call(legacy), call(legacy)]);
    expect(answers.filter(({ text }) => text.includes("was set"))).toHaveLength(1);
    expect(world.told).toHaveLength(1);
  });
});
