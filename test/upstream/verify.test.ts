import { afterEach, describe, expect, it } from "vitest";
import type { VerifyOutcome } from "../../src/core/ports.ts";
import type { Server } from "../../src/core/server.ts";
import { type HeaderUpstream, type HeaderUpstreamOptions, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import type { Misbehaviour } from "../fixtures/misbehaviour.ts";
import { UPSTREAM_LIMITS } from "../../src/upstream/limits.ts";
import { callFor, expectSoon, manualClock, serverFor, type TestUpstream, upstreamForTest, valuesOf } from "./parts.ts";

const KEY = "sk-live-Alice0123456789";
const onlyKey = (value: string): boolean => value === KEY;

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(options: HeaderUpstreamOptions = {}): Promise<HeaderUpstream> {
  const remote = await startHeaderUpstream({ accepts: onlyKey, ...options });
  opened.push(remote);
  return remote;
}

function connect(options: Parameters<typeof upstreamForTest>[0] = {}): TestUpstream {
  const made = upstreamForTest(options);
  opened.push(made.upstream);
  return made;
}

function verify(
  remote: HeaderUpstream,
  server: Partial<Server> = {},
  { upstream }: TestUpstream = connect(),
  key = KEY,
): Promise<VerifyOutcome> {
  return upstream.verify(serverFor(remote.url, server), callFor(remote.url, key, { credential: null }));
}

const probing = {
  verification: { probeTool: { name: "whoami", arguments: {} }, hasNegativeControl: true },
} satisfies Partial<Server>;

const ERAS: readonly (readonly [string, HeaderUpstreamOptions, object])[] = [
  ["legacy", { era: "legacy" }, { era: "legacy", protocolVersion: "2025-11-25", isStateful: false }],
  ["stateful", { era: "legacy", stateful: true }, { era: "legacy", isStateful: true }],
  ["of 2024-11-05", { era: "legacy", legacyVersion: "2024-11-05" }, { protocolVersion: "2024-11-05" }],
  ["modern", { era: "modern" }, { era: "modern", protocolVersion: "2026-07-28", isStateful: false }],
  ["of both eras", { era: "both" }, { era: "modern" }],
  ["answering by SSE", { era: "legacy", stateful: true, respondWith: "sse" }, { era: "legacy" }],
];

describe.each(ERAS)("a server that is %s", (_, options, found) => {
  it("proves a value that it accepts by refusing a wrong one", async () => {
    const remote = await start(options);
    expect(await verify(remote)).toMatchObject({ kind: "accepted", strength: "proven", discovered: found });
  });

  it("refuses a wrong value at the first step", async () => {
    const remote = await start(options);
    expect(await verify(remote, {}, connect(), "sk-live-wrong")).toMatchObject({ kind: "rejected", step: "connect" });
  });

  it("shows its tools, its name and its instructions", async () => {
    const remote = await start(options);
    const outcome = await verify(remote);
    expect(outcome).toMatchObject({
      discovered: {
        serverInfo: { name: "header-upstream", version: "1.0.0" },
        instructions: "Bring a key.",
        tools: [{ name: "add" }, { name: "echo" }, { name: "whoami", inputSchema: { type: "object" } }],
      },
    });
  });

  it("keeps no session open", async () => {
    const remote = await start(options);
    await verify(remote);
    expect(remote.sessions.size).toBe(0);
  });
});

describe("the negative control", () => {
  const wrongValues = (remote: HeaderUpstream): string[] =>
    remote.received.flatMap(({ headerValue }) => (headerValue === null || headerValue === KEY ? [] : [headerValue]));

  it("sends a value of the same shape that is not the real one", async () => {
    const remote = await start();
    await verify(remote);
    const wrong = wrongValues(remote);
    expect(wrong.length).toBeGreaterThan(0);
    for (const value of wrong) {
      expect(value).toMatch(/^sk-live-[A-Z][a-z]{4}[0-9]{10}$/);
    }
  });

  it("leaves a server that lists for anyone merely accepted, unless a probe tool tells", async () => {
    const remote = await start({ listOpen: true });
    expect(await verify(remote)).toMatchObject({ kind: "accepted", strength: "accepted" });
    expect(await verify(remote, probing)).toMatchObject({ kind: "accepted", strength: "proven" });
  });

  it("leaves a server that takes any value merely accepted", async () => {
    const remote = await start({ accepts: () => true });
    expect(await verify(remote, probing)).toMatchObject({ kind: "accepted", strength: "accepted" });
  });

  it("counts a tool error at the probe as a refusal", async () => {
    const remote = await start({ listOpen: true, refusal: "tool_error" });
    expect(await verify(remote, probing)).toMatchObject({ kind: "accepted", strength: "proven" });
  });

  it.each<[string, Misbehaviour]>([
    ["breaks", { kind: "status", status: 500 }],
    ["hangs", { kind: "hang" }],
    ["redirects", { kind: "redirect", status: 302, to: "/" }],
  ])("that the server %s at leaves the value accepted", async (_, behaviour) => {
    const remote = await start();
    const clock = manualClock();
    remote.change({
      accepts(value) {
        if (value !== KEY) remote.misbehave(behaviour);
        return true;
      },
    });
    const outcome = verify(remote, probing, connect({ clock }));
    // The first wrong value is still answered; what comes after it is not.
    await expectSoon(() => wrongValues(remote).length).toBe(2);
    clock.fire(UPSTREAM_LIMITS.verifyTimeoutMs);
    expect(await outcome).toMatchObject({ kind: "accepted", strength: "accepted" });
  });

  it("is not made when it is switched off, or when there is nothing of the user's to change", async () => {
    const remote = await start();
    const off = { verification: { probeTool: null, hasNegativeControl: false } };
    expect(await verify(remote, off)).toMatchObject({ strength: "accepted" });
    expect(await verify(remote, { authType: "headers" })).toMatchObject({ strength: "accepted" });
    expect(wrongValues(remote)).toEqual([]);
  });

  it("leaves what is no secret as it is: a refused region would say nothing about the key", async () => {
    const remote = await start();
    const { upstream } = connect();
    const outcome = await upstream.verify(
      serverFor(remote.url),
      callFor(remote.url, KEY, {
        userHeaders: valuesOf({ "x-api-key": KEY, "x-region": "eu-1" }),
        plainNames: new Set(["x-region"]),
      }),
    );
    expect(outcome).toMatchObject({ strength: "proven" });
    expect(new Set(remote.received.map(({ headers }) => headers["x-region"]))).toEqual(new Set(["eu-1"]));
  });

  it("changes every secret header of the user, and none of the administrator", async () => {
    const remote = await start();
    const { upstream } = connect();
    await upstream.verify(
      serverFor(remote.url),
      callFor(remote.url, KEY, {
        userHeaders: valuesOf({ "x-api-key": KEY, "x-tenant": "tenant-0042-of-alice" }),
        staticHeaders: valuesOf({ "x-team": "blue" }),
      }),
    );
    const control = remote.received.filter(({ headerValue }) => headerValue !== KEY);
    expect(control.length).toBeGreaterThan(0);
    for (const { headers } of control) {
      expect(headers["x-tenant"]).toMatch(/^tenant-\d{4}-[a-z]{2}-[a-z]{5}$/);
      expect(headers["x-tenant"]).not.toBe("tenant-0042-of-alice");
      expect(headers["x-team"]).toBe("blue");
    }
  });
});

describe("the steps of a verification", () => {
  const stepsOf = async (remote: HeaderUpstream, server: Partial<Server> = {}, key = KEY) =>
    (await verify(remote, server, connect(), key)).steps.map(({ step, outcome, proves }) =>
      [step, outcome, proves].join(" "),
    );
  const CONNECTED = "connect ok speaks_mcp";
  const LISTED = "list_tools ok tools_known";
  const PROBE_SKIPPED = "probe_tool skipped nothing";
  const CONTROL_SKIPPED = "negative_control skipped nothing";

  it("say what each of them proved", async () => {
    expect(await stepsOf(await start(), probing)).toEqual([
      CONNECTED,
      LISTED,
      "probe_tool ok tool_works",
      "negative_control ok wrong_values_refused",
    ]);
    expect(await stepsOf(await start({ accepts: () => true }))).toEqual([
      CONNECTED,
      LISTED,
      PROBE_SKIPPED,
      "negative_control failed any_value_passes",
    ]);
    const off = { verification: { probeTool: null, hasNegativeControl: false } };
    expect(await stepsOf(await start(), off)).toEqual([CONNECTED, LISTED, PROBE_SKIPPED, CONTROL_SKIPPED]);
  });

  it("end with the one at which the values are refused", async () => {
    expect(await stepsOf(await start(), probing, "wrong")).toEqual([
      "connect refused values_refused",
      "list_tools skipped nothing",
      PROBE_SKIPPED,
      CONTROL_SKIPPED,
    ]);
    const atList = await start({ behaviour: { kind: "status", status: 401, on: ["tools/list"] } });
    expect((await stepsOf(atList))[1]).toBe("list_tools refused values_refused");
    const atProbe = await start({ listOpen: true });
    expect(await stepsOf(atProbe, probing, "wrong")).toEqual([
      CONNECTED,
      LISTED,
      "probe_tool refused values_refused",
      CONTROL_SKIPPED,
    ]);
  });

  it("end with the one at which nothing is known", async () => {
    const broken = await start({ behaviour: { kind: "status", status: 500, on: ["tools/list"] } });
    expect(await stepsOf(broken)).toEqual([CONNECTED, "list_tools failed nothing", PROBE_SKIPPED, CONTROL_SKIPPED]);
    await broken.close();
    expect((await stepsOf(broken))[0]).toBe("connect failed nothing");
  });

  it("say when the wrong value came to nothing", async () => {
    const remote = await start();
    remote.change({
      accepts(value) {
        if (value !== KEY) remote.misbehave({ kind: "status", status: 500 });
        return true;
      },
    });
    expect((await stepsOf(remote, probing)).at(-1)).toBe("negative_control failed nothing");
  });
});

describe("A55: a value is rejected", () => {
  it.each([
    [401, "connect"],
    [403, "connect"],
    ["json_rpc", "connect"],
  ] as const)("by %s when connecting", async (refusal, step) => {
    const remote = await start({ refusal });
    expect(await verify(remote, probing, connect(), "wrong")).toMatchObject({ kind: "rejected", step });
    const legacy = await start({ refusal, era: "legacy", stateful: true });
    expect(await verify(legacy, probing, connect(), "wrong")).toMatchObject({ kind: "rejected", step });
  });

  it.each<[Misbehaviour]>([
    [{ kind: "status", status: 401, on: ["tools/list"] }],
    [{ kind: "status", status: 403, on: ["tools/list"] }],
    [{ kind: "error", code: -32_001, on: ["tools/list"] }],
  ])("by %j when listing", async (behaviour) => {
    const remote = await start({ behaviour });
    expect(await verify(remote)).toMatchObject({ kind: "rejected", step: "list_tools" });
  });

  it.each([401, 403, "json_rpc", "tool_error"] as const)("by %s at the probe tool", async (refusal) => {
    const remote = await start({ listOpen: true, refusal });
    expect(await verify(remote, probing, connect(), "wrong")).toMatchObject({ kind: "rejected", step: "probe_tool" });
  });

  it("only after `initialize` refused it as well: a 401 to `server/discover` says nothing about the era", async () => {
    const remote = await start({
      era: "legacy",
      behaviour: { kind: "status", status: 401, on: ["server/discover"] },
    });
    expect(await verify(remote)).toMatchObject({ kind: "accepted", discovered: { era: "legacy" } });
    remote.misbehave({ kind: "status", status: 401, on: ["server/discover", "initialize"] });
    expect(await verify(remote)).toMatchObject({ kind: "rejected", step: "connect" });
  });

  it("not when an outage follows the 401", async () => {
    const remote = await start({ era: "legacy" });
    remote.change({
      accepts() {
        remote.misbehave({ kind: "status", status: 500 });
        return false;
      },
    });
    expect(await verify(remote)).toMatchObject({ kind: "unknown", code: "upstream_unreachable" });
  });
});

describe("A56: nothing is known", () => {
  it.each<[string, Misbehaviour, string]>([
    ["is broken", { kind: "status", status: 500 }, "upstream_unreachable"],
    ["is down behind its proxy", { kind: "status", status: 502 }, "upstream_unreachable"],
    ["closes early", { kind: "close_early" }, "upstream_unreachable"],
    ["breaks when listing", { kind: "status", status: 500, on: ["tools/list"] }, "upstream_unreachable"],
    ["breaks at the probe", { kind: "status", status: 500, on: ["tools/call"] }, "upstream_unreachable"],
    ["answers HTML", { kind: "html" }, "upstream_protocol"],
    ["answers 404", { kind: "status", status: 404 }, "upstream_protocol"],
    ["lists no list", { kind: "result", result: { tools: "none" }, on: ["tools/list"] }, "upstream_protocol"],
    ["fails to list", { kind: "error", code: -32_603, on: ["tools/list"] }, "upstream_protocol"],
    ["does not know the probe tool", { kind: "error", code: -32_602, on: ["tools/call"] }, "upstream_protocol"],
    [
      "speaks another revision",
      { kind: "result", result: { protocolVersion: "2031-01-01" }, on: ["initialize", "server/discover"] },
      "upstream_protocol",
    ],
  ])("when the server %s", async (_, behaviour, code) => {
    const remote = await start({ era: "legacy", behaviour });
    expect(await verify(remote, probing)).toMatchObject({ kind: "unknown", code });
  });

  it.each(["server/discover", "initialize", "tools/list", "tools/call"])(
    "when the server hangs at %s until the time is up",
    async (method) => {
      const remote = await start({ era: "legacy", behaviour: { kind: "hang", on: [method] } });
      const clock = manualClock();
      const outcome = verify(remote, probing, connect({ clock }));
      await expectSoon(() => remote.received.at(-1)?.method).toBe(method);
      clock.fire(UPSTREAM_LIMITS.verifyTimeoutMs);
      expect(await outcome).toMatchObject({ kind: "unknown", code: "upstream_unreachable" });
    },
  );

  it("when it speaks no TLS, is not there, or may not be dialled", async () => {
    const remote = await start();
    const { upstream } = connect();
    const at = (url: string) => upstream.verify(serverFor(url), callFor(url, KEY));
    expect(await at(remote.url.replace("http:", "https:"))).toMatchObject({
      kind: "unknown",
      code: "upstream_unreachable",
    });
    expect(await at("http://127.0.0.2:1/")).toMatchObject({ kind: "unknown", code: "upstream_not_allowed" });
    await remote.close();
    expect(await at(remote.url)).toMatchObject({ kind: "unknown", code: "upstream_unreachable" });
  });

  it("when the caller leaves", async () => {
    const remote = await start({ behaviour: { kind: "hang" } });
    const { upstream } = connect();
    const leaving = new AbortController();
    const outcome = upstream.verify(serverFor(remote.url), callFor(remote.url, KEY), { signal: leaving.signal });
    await expectSoon(() => remote.received.length).toBe(1);
    leaving.abort();
    expect(await outcome).toMatchObject({ kind: "unknown", code: "upstream_unreachable" });
  });

  it("when the server is forgotten meanwhile", async () => {
    const remote = await start({ behaviour: { kind: "hang" } });
    const { upstream } = connect();
    const outcome = upstream.verify(serverFor(remote.url), callFor(remote.url, KEY));
    await expectSoon(() => remote.received.length).toBe(1);
    upstream.forgetServer("srv_1");
    expect(await outcome).toMatchObject({ kind: "unknown", code: "upstream_unreachable" });
  });
});

describe("a tool list", () => {
  it("is read page by page", async () => {
    const extraTools = Array.from({ length: 20 }, (_, at) => ({
      name: `extra-${at}`,
      inputSchema: { type: "object" },
    }));
    const remote = await start({ pageSize: 7, extraTools });
    const outcome = await verify(remote);
    expect(outcome.kind === "accepted" && outcome.discovered.tools.length).toBe(23);
  });

  it("that never ends is cut", async () => {
    const page = { tools: [{ name: "same", inputSchema: {} }], nextCursor: "again" };
    const remote = await start({ behaviour: { kind: "result", result: page, on: ["tools/list"] } });
    expect(await verify(remote)).toMatchObject({ kind: "accepted", discovered: { tools: [{ name: "same" }] } });
    const lists = remote.received.filter(({ method, headerValue }) => method === "tools/list" && headerValue === KEY);
    expect(lists).toHaveLength(2);
  });

  it("is empty for a server that has none", async () => {
    const remote = await start({ behaviour: { kind: "error", code: -32_601, on: ["tools/list"] } });
    expect(await verify(remote)).toMatchObject({ kind: "accepted", discovered: { tools: [] } });
  });

  it("A38, P3: has no value in it, for it is stored in the clear", async () => {
    const extraTools = [{ name: "leaky", description: `Use the key ${KEY}`, inputSchema: { type: "object" } }];
    const remote = await start({ extraTools });
    const test = connect();
    const outcome = await verify(remote, {}, test);
    expect(JSON.stringify(outcome)).toContain("Use the key [redacted by Keyward]");
    expect(JSON.stringify([outcome, test.lines])).not.toContain(KEY);
    expect(test.hits).toEqual([1]);
  });

  it("A51, A36: loses its odd tools and says so", async () => {
    const remote = await start({
      era: "modern",
      extraTools: [
        "no object",
        { name: "no\nname", inputSchema: { type: "object" } },
        {
          name: "smuggler",
          inputSchema: { type: "object", properties: { a: { type: "string", "x-mcp-header": "A\r\nx-api-key" } } },
        },
      ],
    });
    const test = connect();
    expect(await verify(remote, {}, test)).toMatchObject({
      discovered: { tools: [{ name: "add" }, { name: "echo" }, { name: "whoami" }] },
    });
    expect(test.lines).toEqual([{ event: "upstream_tools_omitted", fields: { server_id: "srv_1", count: 3 } }]);
  });
});

describe("prompts and resources", () => {
  const content = {
    prompts: [{ name: "review", arguments: [{ name: "file", required: true }] }],
    resources: [{ uri: "file:///readme", name: "readme" }],
    resourceTemplates: [{ uriTemplate: "file:///{path}", name: "file" }],
  };

  it.each(["legacy", "modern"] as const)("are discovered when the %s server declares them", async (era) => {
    const remote = await start({ era, content });
    expect(await verify(remote)).toMatchObject({
      kind: "accepted",
      strength: "proven",
      discovered: { ...content, capabilities: { tools: {}, prompts: {}, resources: {} } },
    });
  });

  it("are not asked for otherwise", async () => {
    const remote = await start();
    expect(await verify(remote)).toMatchObject({
      discovered: { prompts: [], resources: [], resourceTemplates: [], capabilities: { tools: {} } },
    });
    expect(remote.received.filter(({ method }) => /^(?:prompts|resources)/.test(method))).toEqual([]);
  });

  it.each<[string, Misbehaviour]>([
    ["break", { kind: "status", status: 500, on: ["prompts/list"] }],
    ["are refused", { kind: "status", status: 401, on: ["prompts/list"] }],
    ["are no list", { kind: "result", result: { prompts: 7 }, on: ["prompts/list"] }],
  ])("cost nothing but themselves when they %s", async (_, behaviour) => {
    const remote = await start({ content, behaviour });
    expect(await verify(remote)).toMatchObject({
      kind: "accepted",
      strength: "proven",
      discovered: { ...content, prompts: [] },
    });
  });

  it("cost no more than their own time when they hang", async () => {
    const clock = manualClock();
    const remote = await start({ content, behaviour: { kind: "hang", on: ["resources/list"] } });
    const outcome = connect({ clock }).upstream.verify(serverFor(remote.url), callFor(remote.url, KEY));
    await expectSoon(() => remote.received.some(({ method }) => method === "resources/list")).toBe(true);
    await expectSoon(() => remote.received.some(({ method }) => method === "prompts/list")).toBe(true);
    await expectSoon(() => remote.received.some(({ method }) => method === "resources/templates/list")).toBe(true);
    clock.fire(3_000);
    expect(await outcome).toMatchObject({ kind: "accepted", strength: "proven", discovered: { resources: [] } });
  });
});

describe("the clock", () => {
  it("dates what was discovered", async () => {
    const remote = await start();
    const outcome = await verify(remote);
    expect(outcome.kind === "accepted" && outcome.discovered.at).toBeGreaterThan(1_700_000_000_000);
  });
});
