import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";
import { CLIENT_FAILURES } from "./expected-failures.ts";
import type { ClientTask } from "./gateway-as-client.ts";
import { failuresOf, judge, type Outcomes, successesOf } from "./outcomes.ts";
import { type Runner, runSuite } from "./run-suite.ts";

/*
 * The official conformance suite with Keyward as the client under test: the runner's servers are upstreams, and what is
 * judged is what the gateway sends them. On `/mcp/<server>` a client of the same era calls; on `/mcp` one of the older
 * era, so that whatever the newer one wants is the gateway's own doing.
 */

interface Suite {
  readonly name: string;
  readonly runner: Runner;
  readonly args: readonly string[];
  readonly endpoint: ClientTask["endpoint"];
  /** Scenarios, each with how many checks pass: one that its server never heard of must not count as passed. */
  readonly scenarios: Readonly<Record<string, number>>;
}

const OLD_RUNNER = { runner: "conformance-2025-11-25", args: [] } as const;
const LEGACY = { runner: "conformance-2026-07-28", args: ["--spec-version", "2025-11-25"] } as const;
const MODERN = { runner: "conformance-2026-07-28", args: ["--spec-version", "2026-07-28"] } as const;

const IN_BOTH_ERAS = { tools_call: 3, "json-schema-2020-12-preservation": 10 };
const OF_LEGACY = { initialize: 2, "sse-retry": 4 };
const OF_MODERN = {
  "request-metadata": 6,
  "http-custom-headers": 19,
  "http-invalid-tool-headers": 13,
  "json-schema-ref-no-deref": 2,
};

const SUITES: readonly Suite[] = [
  {
    name: "runner 0.1.16 for 2025-11-25, /mcp/<server>",
    ...OLD_RUNNER,
    endpoint: "one",
    scenarios: { ...OF_LEGACY, tools_call: 2, "elicitation-sep1034-client-defaults": 6 },
  },
  {
    name: "runner 0.2.0-alpha.12 for 2025-11-25, /mcp/<server>",
    ...LEGACY,
    endpoint: "one",
    scenarios: { ...IN_BOTH_ERAS, ...OF_LEGACY, "elicitation-sep1034-client-defaults": 6 },
  },
  {
    name: "runner 0.2.0-alpha.12 for 2025-11-25, /mcp",
    ...LEGACY,
    endpoint: "all",
    scenarios: { ...IN_BOTH_ERAS, ...OF_LEGACY },
  },
  {
    name: "runner 0.2.0-alpha.12 for 2026-07-28, /mcp/<server>",
    ...MODERN,
    endpoint: "one",
    scenarios: { ...IN_BOTH_ERAS, ...OF_MODERN, "http-standard-headers": 10, "sep-2322-client-request-state": 6 },
  },
  {
    name: "runner 0.2.0-alpha.12 for 2026-07-28, /mcp",
    ...MODERN,
    endpoint: "all",
    // The client asks /mcp for tools only, so that nothing else is judged.
    scenarios: { ...IN_BOTH_ERAS, ...OF_MODERN, "http-standard-headers": 4 },
  },
];

const SCRIPT = fileURLToPath(new URL("gateway-as-client.ts", import.meta.url));

describe("the gateway as a client", () => {
  let gateway: TestGateway;
  let lastServer = 0;

  beforeAll(async () => {
    gateway = await startTestGateway();
  });

  afterAll(() => gateway.close());

  function runScenario(scenario: string, { runner, args, endpoint }: Suite): Promise<Outcomes> {
    lastServer += 1;
    const server = `scenario${lastServer}`;
    const task: ClientTask = { gateway: gateway.url, adminToken: ADMIN_TOKEN, server, endpoint };
    const encoded = Buffer.from(JSON.stringify(task)).toString("base64url");
    const command = `"${process.execPath}" "${SCRIPT}" ${encoded}`;
    return runSuite(runner, ["client", "--command", command, "--scenario", scenario, "--timeout", "20000", ...args]);
  }

  describe.for(SUITES)("$name", (suite) => {
    it.for(Object.entries(suite.scenarios))("%s", { timeout: 70_000 }, async ([scenario, checks]) => {
      const outcomes = await runScenario(scenario, suite);
      const expected = CLIENT_FAILURES.filter((entry) => entry.suite === suite.name && entry.scenario === scenario);
      expect(judge(failuresOf(outcomes), expected)).toEqual({ unexpected: [], stale: [] });
      // A scenario that fails as expected may not get to its other checks.
      expect(successesOf(outcomes)).toBeGreaterThanOrEqual(expected.length === 0 ? checks : 1);
    });
  });
});
