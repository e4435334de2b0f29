import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { setNotesIn } from "../helpers/set-note.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";
import { DIRECT_FAILURES, GATEWAY_FAILURES } from "./expected-failures.ts";
import { FIXTURE_HEADER, type FixtureServer, startFixtureServer } from "./fixture-server.ts";
import { failuresOf, judge, type Outcomes, regressions, successesOf } from "./outcomes.ts";
import { type Runner, runSuite } from "./run-suite.ts";
import { type Shim, startShim } from "./shim.ts";

/*
 * The official conformance suite against a server on the official SDK, without Keyward and through it: a check that
 * passes without must pass through `/mcp/<server>`. The server demands a key that only the gateway knows, so that each
 * passing check also proves the injection.
 */

interface Suite {
  readonly name: string;
  readonly runner: Runner;
  readonly args: readonly string[];
  /** How many checks pass without the gateway: a runner that stopped half-way must not count as equal to itself. */
  readonly checks: number;
}

const SUITES: readonly Suite[] = [
  { name: "runner 0.1.16 for 2025-11-25", runner: "conformance-2025-11-25", args: ["--suite", "all"], checks: 44 },
  {
    name: "runner 0.2.0-alpha.12 for 2025-11-25",
    runner: "conformance-2026-07-28",
    args: ["--requirements", "2025-11-25", "--timeout", "10000"],
    checks: 84,
  },
  {
    name: "runner 0.2.0-alpha.12 for 2026-07-28",
    runner: "conformance-2026-07-28",
    args: ["--requirements", "2026-07-28", "--timeout", "10000"],
    checks: 162,
  },
];

/** The tasks extension, which no revision requires and the SDK's server does not have. */
const UNSCORED = /^tasks-/;

describe("a server that the conformance suite knows", () => {
  const good = new Set<string>();
  const closeAll: (() => Promise<void>)[] = [];
  let fixture: FixtureServer;
  let gateway: TestGateway;
  let directShim: Shim;
  let throughShim: Shim;

  function goodValue(label: string): string {
    const value = canaryValue(label);
    good.add(value);
    return value;
  }

  async function connectPerson(): Promise<string> {
    const serverId = await gateway.register("fixture", fixture.url, goodValue("sample"));
    const { id, key } = await gateway.issueKey("runner");
    await gateway.grant(serverId, id);
    const asked = await callTool(gateway, key, "fixture-test_simple_text");
    const { flowId } = linkIn(asked.text);
    const { status } = await submit(gateway, flowId, keyProof(key), { "X-API-Key": goodValue("runner") });
    expect(status).toBe(200);
    // The first result after a key was set says so (decision 041): from here on all is the server's own.
    const told = await callTool(gateway, key, "fixture-test_simple_text");
    expect(setNotesIn(told.result.content)).toHaveLength(1);
    return key;
  }

  beforeAll(async () => {
    fixture = await startFixtureServer((value) => good.has(value));
    closeAll.unshift(() => fixture.close());
    gateway = await startTestGateway();
    closeAll.unshift(() => gateway.close());
    const key = await connectPerson();
    directShim = await startShim(fixture.url, { [FIXTURE_HEADER]: goodValue("direct") });
    closeAll.unshift(() => directShim.close());
    throughShim = await startShim(`${gateway.url}/mcp/fixture`, { authorization: `Bearer ${key}` });
    closeAll.unshift(() => throughShim.close());
  });

  afterAll(async () => {
    for (const close of closeAll) {
      await close();
    }
  });

  it("demands the key", async () => {
    for (const headers of [{}, { [FIXTURE_HEADER]: "another" }]) {
      const { status } = await fetch(fixture.url, { method: "POST", headers, body: "{}" });
      expect(status).toBe(401);
    }
  });

  it("knows a session only with the key that opened it", async () => {
    const post = (key: string, headers: Readonly<Record<string, string>>, message: object): Promise<Response> =>
      fetch(fixture.url, {
        method: "POST",
        headers: {
          [FIXTURE_HEADER]: key,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
      });
    const opener = goodValue("opener");
    const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const opened = await post(opener, {}, { method: "initialize", params: hello });
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    expect((await post(opener, session, { method: "ping" })).status).toBe(200);
    expect((await post(goodValue("other"), session, { method: "ping" })).status).toBe(404);
  });

  describe.each(SUITES)("$name", ({ name, runner, args, checks }) => {
    const ofThisSuite = ({ suite }: { readonly suite: string }): boolean => suite === name;
    let direct: Outcomes;
    let through: Outcomes;

    beforeAll(async () => {
      direct = await runSuite(runner, ["server", "--url", directShim.url, ...args]);
      through = await runSuite(runner, ["server", "--url", throughShim.url, ...args]);
    }, 130_000);

    it("passes without the gateway", () => {
      const scored = failuresOf(direct).filter(({ scenario }) => !UNSCORED.test(scenario));
      expect(judge(scored, DIRECT_FAILURES.filter(ofThisSuite))).toEqual({ unexpected: [], stale: [] });
      expect(successesOf(direct)).toBeGreaterThanOrEqual(checks);
    });

    it("passes through the gateway, check by check", () => {
      const expected = GATEWAY_FAILURES.filter(ofThisSuite);
      expect(judge(regressions(direct, through), expected)).toEqual({ unexpected: [], stale: [] });
    });
  });
});
