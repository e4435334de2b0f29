import { afterEach, beforeEach, expect, it } from "vitest";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { systemClock } from "../../src/server/system.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

let gateway: TestGateway;
let alive: HeaderUpstream;
let dead: HeaderUpstream;
let isDead = false;
/** How often somebody asked where the dead server is: each is one attempt to connect. */
let dials = 0;
/** Milliseconds that the gateway's clock is ahead. */
let ahead = 0;

beforeEach(async () => {
  isDead = false;
  dials = 0;
  ahead = 0;
  alive = await startHeaderUpstream({ era: "legacy" });
  dead = await startHeaderUpstream({ era: "legacy" });
  gateway = await startTestGateway({
    env: { KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1,dead.test" },
    clock: { ...systemClock, now: () => systemClock.now() + ahead },
    upstream: {
      limits: { connectTimeoutMs: 250 },
      resolve: async () => {
        dials += 1;
        // The bound for a connection includes the time for its name.
        return isDead ? new Promise<never>(() => {}) : [{ address: "127.0.0.1", family: 4 }];
      },
    },
  });
});

afterEach(async () => {
  await gateway.close();
  await Promise.all([alive.close(), dead.close()]);
});

it("a dead server costs three callers the time for a connection, then nobody any, and serves when it is back", async () => {
  const url = new URL(dead.url);
  url.hostname = "dead.test";
  const person = await gateway.issueKey("alice");
  const value = canaryValue("alice");
  for (const [name, at] of [
    ["alive", alive.url],
    ["dead", url.href],
  ] as const) {
    const id = await gateway.register(name, at, canaryValue("sample"));
    await connectTo(gateway, { id, name }, value, person);
  }
  const { key } = person;
  const call = (tool: string, path = "/mcp") => callTool(gateway, key, tool, { message: "hello" }, path);
  const names = async () => {
    const { body } = await rpc(gateway, "/mcp", { authorization: `Bearer ${key}` }, "tools/list");
    return (body["result"] as unknown as { tools: { name: string }[] }).tools.map(({ name }) => name);
  };
  const before = await names();
  expect(before).toContain("dead-echo");
  expect((await call("dead-echo")).text).toBe("hello");

  // Its connections are gone with it.
  isDead = true;
  await dead.close();
  dials = 0;
  const outcomes = [];
  for (let count = 0; count < 6; count += 1) {
    outcomes.push(
      (await call(count % 2 === 0 ? "dead-echo" : "echo", count % 2 === 0 ? "/mcp" : "/mcp/dead")).result.isError,
    );
  }
  expect([outcomes, dials]).toEqual([Array.from({ length: 6 }, () => true), 3]);

  // Nobody else is kept waiting, and the list has everything that was known.
  expect((await call("alive-echo")).text).toBe("hello");
  expect(await names()).toEqual(before);
  expect(dials).toBe(3);

  // After a while one call finds out, and the others still fail at once.
  ahead += 1_001;
  await Promise.all(Array.from({ length: 5 }, () => call("dead-echo")));
  expect(dials).toBe(4);

  isDead = false;
  dead = await startHeaderUpstream({ era: "legacy", port: Number(url.port) });
  ahead += 2_001;
  expect((await call("dead-echo")).text).toBe("hello");
  expect((await call("echo", "/mcp/dead")).text).toBe("hello");
});
