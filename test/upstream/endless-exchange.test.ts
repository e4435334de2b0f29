import { afterEach, expect, it } from "vitest";
import { SHARED_PEER } from "../../src/core/peer.ts";
import type { ClientMessage } from "../../src/core/ports.ts";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { callFor, serverFor, upstreamForTest } from "./parts.ts";

let remote: HeaderUpstream;

afterEach(() => remote.close());

const params = { name: "whoami", arguments: {} };
const CALL: ClientMessage = {
  kind: "request",
  method: "tools/call",
  params,
  idText: "1",
  text: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  era: "legacy",
};

it("A30: a server that talks on without an answer ends when the longest time of an exchange is over", async () => {
  remote = await startHeaderUpstream({ era: "legacy", respondWith: "sse" });
  const { upstream } = upstreamForTest({ limits: { exchangeTimeoutMs: 1_000 } });
  const call = callFor(remote.url, canaryValue("alice"));
  const exchange = (): Promise<unknown> => upstream.exchange(serverFor(remote.url), call, SHARED_PEER, CALL, () => {});
  expect(await exchange()).toEqual({ kind: "answered" });
  remote.misbehave({ kind: "endless_messages", on: ["tools/call"] });
  expect(await exchange()).toEqual({ kind: "failed", code: "upstream_unreachable" });
  remote.misbehave(null);
  expect(await exchange()).toEqual({ kind: "answered" });
  await upstream.close();
});
