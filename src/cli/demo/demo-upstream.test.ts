import { expect, it, onTestFinished } from "vitest";
import { type DemoUpstream, fingerprintOf, startDemoUpstream } from "./demo-upstream.ts";

async function start(): Promise<DemoUpstream> {
  const upstream = await startDemoUpstream(
    new Map([
      ["key-of-alice", "alice"],
      ["key-of-bob", "bob"],
    ]),
  );
  onTestFinished(() => upstream.stop());
  return upstream;
}

async function post(upstream: DemoUpstream, key: string | null, message: object | string) {
  const response = await fetch(upstream.url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key === null ? {} : { "X-Demo-Key": key }) },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
}

const rpc = (method: string, params?: object) => ({ jsonrpc: "2.0", id: 7, method, ...(params && { params }) });

it("answers 401 to every request without one of its keys, whatever is asked", async () => {
  const upstream = await start();
  for (const method of ["initialize", "tools/list", "tools/call", "server/discover", "nonsense"]) {
    expect((await post(upstream, null, rpc(method))).status).toBe(401);
    expect((await post(upstream, "key-of-nobody", rpc(method))).status).toBe(401);
    expect((await post(upstream, "Key-Of-Alice", rpc(method))).status).toBe(401);
  }
});

it("speaks the revision that the client asks for, and its newest one otherwise", async () => {
  const upstream = await start();
  const negotiate = async (protocolVersion: string) =>
    (await post(upstream, "key-of-alice", rpc("initialize", { protocolVersion }))).body;
  expect(await negotiate("2025-06-18")).toMatchObject({ id: 7, result: { protocolVersion: "2025-06-18" } });
  expect(await negotiate("1999-01-01")).toMatchObject({ result: { protocolVersion: "2025-11-25" } });
});

it("lists its tools and answers each person about that person", async () => {
  const upstream = await start();
  const call = async (key: string, name: string) =>
    (await post(upstream, key, rpc("tools/call", { name, arguments: {} }))).body;
  expect((await post(upstream, "key-of-bob", rpc("tools/list"))).body).toMatchObject({
    result: { tools: [{ name: "whoami" }, { name: "forecast" }] },
  });
  expect(await call("key-of-bob", "whoami")).toMatchObject({ result: { content: [{ text: "You are bob." }] } });
  expect(JSON.stringify(await call("key-of-alice", "forecast"))).toContain("alice's place");
  expect(await call("key-of-alice", "toString")).toMatchObject({ error: { code: -32602 } });
  expect((await post(upstream, "key-of-alice", rpc("server/discover"))).body).toMatchObject({
    error: { code: -32601 },
  });
});

it("takes notifications, and nothing that is no message", async () => {
  const upstream = await start();
  expect(await post(upstream, "key-of-alice", { jsonrpc: "2.0", method: "notifications/initialized" })).toEqual({
    status: 202,
    body: null,
  });
  for (const text of ["{", "[]", "null", '"text"', "{}", "9".repeat(200_000)]) {
    expect((await post(upstream, "key-of-alice", text)).status).toBe(400);
  }
  expect((await fetch(upstream.url)).status).toBe(405);
  expect((await fetch(new URL("/other", upstream.url))).status).toBe(404);
});

it("remembers fingerprints, never keys", async () => {
  const upstream = await start();
  await post(upstream, "key-of-alice", rpc("tools/list"));
  await post(upstream, null, rpc("ping"));
  expect(upstream.seen).toEqual([
    { method: "tools/list", fingerprint: fingerprintOf("key-of-alice"), person: "alice" },
    { method: "ping", fingerprint: null, person: null },
  ]);
  expect(JSON.stringify(upstream.seen)).not.toContain("key-of");
});
