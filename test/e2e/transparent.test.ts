import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/core/json.ts";
import { startFixtureServer } from "../conformance/fixture-server.ts";
import { type OddUpstream, startOddUpstream } from "../fixtures/odd-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { type ClientKind, CLIENT_KINDS } from "../helpers/mcp-clients.ts";
import { type RecordingClient, startRecordingClient } from "../helpers/recording-client.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";
import { expectSoon } from "../upstream/parts.ts";

/*
 * `/mcp/<server>` is the server: what a client gets through the gateway is what it gets without it. Every server demands
 * a key that the client does not have, so that each answer proves the injection too.
 */

interface Reached {
  readonly direct: readonly [url: string, headers: Record<string, string>];
  readonly through: readonly [url: string, headers: Record<string, string>];
}

let gateway: TestGateway;
const closings: (() => Promise<void>)[] = [];
const good = new Set<string>();

function goodValue(label: string): string {
  const value = canaryValue(label);
  good.add(value);
  return value;
}

const accepts = (value: string | undefined): boolean => value !== undefined && good.has(value);

async function reach<Remote extends { readonly url: string; close(): Promise<void> }>(
  name: string,
  starting: Promise<Remote>,
): Promise<Reached & { readonly remote: Remote; readonly serverId: string }> {
  const remote = await starting;
  closings.unshift(() => remote.close());
  const id = await gateway.register(name, remote.url, goodValue("sample"));
  const { key } = await connectTo(gateway, { id, name }, goodValue(name));
  return {
    remote,
    serverId: id,
    direct: [remote.url, { "x-api-key": goodValue("direct") }],
    through: [`${gateway.url}/mcp/${name}`, { authorization: `Bearer ${key}` }],
  };
}

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(async () => {
  for (const close of closings.splice(0)) await close();
  await gateway.close();
});

/** The same script twice, without the gateway and through it. */
async function both<T>(
  kind: ClientKind,
  { direct, through }: Reached,
  script: (client: RecordingClient) => Promise<T>,
): Promise<readonly [T, T]> {
  const outcomes: T[] = [];
  for (const [url, headers] of [direct, through]) {
    const client = await startRecordingClient(kind, url, headers);
    try {
      outcomes.push(await script(client));
    } finally {
      await client.close();
    }
  }
  return [outcomes[0]!, outcomes[1]!];
}

const PLAIN_ASKS: readonly (readonly [string, Record<string, unknown>])[] = [
  ["ping", {}],
  ["tools/list", {}],
  ["tools/call", { name: "odd", arguments: { n: null, "x-a": [1] } }],
  ["tools/call", { name: "fail", arguments: {} }],
  ["tools/call", { name: "no-such-tool" }],
  ["resources/list", {}],
  ["resources/list", { cursor: "c", "x-p": 1 }],
  ["resources/templates/list", {}],
  ["resources/read", { uri: "odd:thing?a=b#c" }],
  ["prompts/list", {}],
  ["prompts/get", { name: "p", arguments: { a: "b" } }],
  ["completion/complete", { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } }],
  ["logging/setLevel", { level: "debug" }],
  ["resources/subscribe", { uri: "odd:thing?a=b#c" }],
  ["resources/unsubscribe", { uri: "odd:thing?a=b#c" }],
  ["x/echo", { any: { thing: [1, "é", null] }, _meta: { "vendor.example/a": 1 } }],
  ["x/unknown", { a: 1 }],
];

async function asked(client: RecordingClient, asks: typeof PLAIN_ASKS): Promise<JsonValue[]> {
  const answers: JsonValue[] = [];
  for (const [method, params] of asks) {
    answers.push([method, (await client.ask(method, params)) ?? null] as JsonValue);
  }
  return answers;
}

const LEGACY_KINDS = CLIENT_KINDS.filter((kind) => kind !== "SDK v2 modern");

describe.each([
  ["with sessions and event streams", "odd_stateful", true],
  ["without sessions, answering in JSON", "odd_stateless", false],
] as const)("a server on the SDK v1 %s", (_, name, isStateful) => {
  let odd: Reached & { readonly remote: OddUpstream };

  beforeAll(async () => {
    odd = await reach(name, startOddUpstream({ isStateful, accepts }));
  });

  it.each(LEGACY_KINDS)("%s: says the same of itself, and answers everything the same, however odd", async (kind) => {
    const [direct, through] = await both(kind, odd, async (client) => [client.hello, await asked(client, PLAIN_ASKS)]);
    expect(through).toEqual(direct);
    const answers = JSON.stringify(through);
    for (const part of [
      "hologram",
      "x-result",
      "odd-schema",
      "x-u",
      "-32050",
      '{"asked":"x/unknown"}',
      "vendor.example",
    ]) {
      expect(answers).toContain(part);
    }
  });

  it.each(LEGACY_KINDS)("%s: hears progress and log messages in their order, before the result", async (kind) => {
    const [direct, through] = await both(kind, odd, async (client) => {
      await client.ask("tools/call", { name: "progress" }, { withProgress: true });
      await client.ask("tools/call", { name: "log" });
      return client.seen;
    });
    expect(through).toEqual(direct);
    expect(through).toHaveLength(isStateful ? 4 : 0);
  });

  it.each(LEGACY_KINDS)("%s: tells it what it tells, known or not", async (kind) => {
    const [direct, through] = await both(kind, odd, async (client) => {
      odd.remote.notified.length = 0;
      await client.notify("notifications/roots/list_changed", {});
      await client.notify("notifications/x-unknown", { a: ["é", null] });
      await expectSoon(() => odd.remote.notified.length >= 2 || !isStateful).toBe(true);
      return [...odd.remote.notified];
    });
    // A notification outside of a session belongs to nobody.
    if (isStateful) expect(through).toEqual(direct);
  });

  it.each(isStateful ? LEGACY_KINDS : [])("%s: is asked for what only the client has, and answers", async (kind) => {
    const [direct, through] = await both(kind, odd, async (client) => {
      const answers: unknown[] = [];
      for (const tool of ["sample", "roots", "elicit", "ask-url"]) {
        answers.push(await client.ask("tools/call", { name: tool }));
      }
      return { answers, seen: client.seen };
    });
    expect(through).toEqual(direct);
    expect(through.seen.map(({ method }) => method)).toEqual([
      "sampling/createMessage",
      "roots/list",
      "elicitation/create",
      "elicitation/create",
    ]);
  });

  it.each(isStateful ? LEGACY_KINDS : [])(
    "%s: hears of resources and lists on the session's own stream",
    async (kind) => {
      const [direct, through] = await both(kind, odd, async (client) => {
        await client.ask("resources/subscribe", { uri: "odd:thing?a=b#c" });
        await client.ask("tools/call", { name: "touch" });
        await expectSoon(() => client.seen.length).toBe(2);
        return client.seen;
      });
      expect(through).toEqual(direct);
    },
  );

  it.each(isStateful ? LEGACY_KINDS : [])("%s: cancels a call, and the server hears of it", async (kind) => {
    const before = odd.remote.cancelled();
    await both(kind, odd, async (client) => {
      const count = odd.remote.cancelled();
      const leaving = new AbortController();
      const calling = client.ask("tools/call", { name: "hang" }, { signal: leaving.signal });
      // It has begun once another request is answered.
      await client.ask("ping");
      await client.ask("x/echo");
      leaving.abort();
      await calling;
      await expectSoon(() => odd.remote.cancelled()).toBe(count + 1);
    });
    expect(odd.remote.cancelled()).toBe(before + 2);
  });
});

describe("a server on the SDK v2, of both eras", () => {
  let fixture: Reached;
  const asks: typeof PLAIN_ASKS = [
    ["tools/list", {}],
    ["tools/call", { name: "test_simple_text" }],
    ["tools/call", { name: "test_multiple_content_types", arguments: {} }],
    ["tools/call", { name: "test_error_handling" }],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri: "test://template/1%20%C3%A9/data" }],
    ["resources/read", { uri: "test://none" }],
    ["prompts/list", {}],
    ["prompts/get", { name: "test_prompt_with_arguments", arguments: { arg1: "a", arg2: "é" } }],
    ["prompts/get", { name: "none" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "test_simple_prompt" }, argument: { name: "a", value: "" } },
    ],
    ["x/unknown", { a: 1 }],
  ];

  beforeAll(async () => {
    fixture = await reach("both", startFixtureServer(accepts));
  });

  it.each(CLIENT_KINDS)("%s: is and answers the same", async (kind) => {
    const [direct, through] = await both(kind, fixture, async (client) => [client.hello, await asked(client, asks)]);
    expect(through).toEqual(direct);
  });

  it.each(CLIENT_KINDS)("%s: is asked for input in the way of its era", async (kind) => {
    const tools =
      kind === "SDK v2 modern"
        ? [
            "test_input_required_result_elicitation",
            "test_input_required_result_sampling",
            "test_input_required_result_list_roots",
            "test_input_required_result_multiple_inputs",
          ]
        : ["test_sampling", "test_elicitation_sep1034_defaults"];
    const [direct, through] = await both(kind, fixture, async (client) => {
      const answers: unknown[] = [];
      for (const name of tools) {
        answers.push(await client.ask("tools/call", { name, arguments: { prompt: "p", message: "m" } }));
      }
      return { answers, asked: client.seen.map(({ method }) => method) };
    });
    expect(through).toEqual(direct);
    expect(through.asked.length).toBeGreaterThanOrEqual(tools.length);
  });

  it.each(CLIENT_KINDS)("%s: streams progress, and loses no answer when it hangs up", async (kind) => {
    const [direct, through] = await both(kind, fixture, async (client) => {
      const progress = await client.ask("tools/call", { name: "test_tool_with_progress" }, { withProgress: true });
      const late = kind === "SDK v2 modern" ? null : await client.ask("tools/call", { name: "test_reconnection" });
      return { progress, late, seen: client.seen };
    });
    expect(through).toEqual(direct);
    expect(through.seen).toHaveLength(3);
  });
});
