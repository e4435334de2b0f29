import { createServer } from "node:http";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/server/system.ts";
import { freePort } from "../helpers/free-port.ts";
import { startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { callFor, serverFor, upstreamForTest } from "./parts.ts";

const KEY = "key-of-alice-0123456789";

const closings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closings.splice(0).map((close) => close()));
});

it("a dead server is dialled three times, then once for each time that passes, and serves when it is back", async () => {
  let now = 0;
  const { upstream, lines } = upstreamForTest({ clock: { ...systemClock, now: () => now } });
  closings.push(() => upstream.close());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const alive = await startHeaderUpstream({ era: "legacy" });
  closings.push(() => alive.close());
  const causes = () => lines.splice(0).map(({ fields }) => String(fields["cause"]));
  const discovered = {
    era: "legacy",
    protocolVersion: "2025-11-25",
    isStateful: false,
    tools: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    capabilities: {},
    serverInfo: null,
    instructions: null,
    at: 0,
  } as const;
  const list = (server = serverFor(url, { discovered })) =>
    upstream.request(server, callFor(server.url, KEY), { method: "tools/list" });

  for (let count = 0; count < 5; count += 1) {
    expect(await list()).toEqual({ kind: "failed", code: "upstream_unreachable" });
  }
  expect(causes()).toEqual(["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED", "NOT_DIALLED", "NOT_DIALLED"]);
  expect((await list(serverFor(alive.url, { id: "srv_2" }))).kind).toBe("result");

  now += 1_000;
  await Promise.all([list(), list(), list()]);
  expect(causes().toSorted((a, b) => a.localeCompare(b))).toEqual(["ECONNREFUSED", "NOT_DIALLED", "NOT_DIALLED"]);

  const revived = createServer((_, response) => response.writeHead(503).end());
  revived.listen(port, "127.0.0.1");
  await once(revived, "listening");
  closings.push(async () => {
    revived.closeAllConnections();
    await new Promise((resolve) => revived.close(resolve));
  });
  now += 2_000;
  await list();
  await list();
  expect(causes()).toEqual(["HTTP_503", "HTTP_503"]);
});
