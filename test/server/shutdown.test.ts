import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { type OpenLink, prepareLink } from "../helpers/open-link.ts";
import { type KeywardProcess, startKeyward } from "../helpers/keyward-process.ts";
import { keyProof } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway } from "../helpers/test-gateway.ts";

/* A process of its own that is asked to stop while clients call, listen and type. */

const OLD = canaryValue("old");
const NEW = canaryValue("new");
const CALLS = 8;

let folder: string;
let upstream: HeaderUpstream;
/** Lets the upstream answer what it holds back. */
let release = (): void => {};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-shutdown-"));
  upstream = await startHeaderUpstream({ accepts: (value) => value === OLD || value === NEW, era: "modern" });
});

afterEach(async () => {
  release();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

/** A key with a stored value, and a link that is open for another one. */
const prepare = (): Promise<OpenLink> => prepareLink(folder, upstream.url, OLD);

/** The upstream answers nothing more until it is released. @returns how many requests it holds */
function holdBack(): () => number {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  release = gate.resolve;
  upstream.change({
    before: () => {
      held += 1;
      return gate.promise;
    },
  });
  return () => held;
}

async function serve(env: Readonly<Record<string, string>> = {}): Promise<KeywardProcess> {
  const child = await startKeyward({ cwd: folder, args: ["--database-url", "sqlite:keyward.db"], env });
  onTestFinished(async () => void (await child.kill("SIGKILL")));
  return child;
}

function request(child: KeywardProcess, key: string, method: string, more: object = {}): Promise<Response> {
  return fetch(`${child.url}/mcp/notes`, {
    method: "POST",
    headers: {
      ...keyProof(key),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: more }),
  });
}

/** A session's own stream, which would stand for ever. */
async function listen(child: KeywardProcess, key: string): Promise<Response> {
  const clientInfo = { name: "test", version: "1" };
  const begun = await request(child, key, "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo,
  });
  const session = begun.headers.get("mcp-session-id") ?? "";
  const stream = await fetch(`${child.url}/mcp/notes`, {
    headers: {
      ...keyProof(key),
      accept: "text/event-stream",
      "mcp-session-id": session,
      "mcp-protocol-version": "2025-11-25",
    },
  });
  expect(stream.status).toBe(200);
  return stream;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

it("A69: SIGTERM under load takes nothing new, finishes calls and submissions, ends streams, and exits with 0", async () => {
  const { key, flowId } = await prepare();
  const child = await serve();
  const stream = await listen(child, key);
  const held = holdBack();
  const calls = Array.from({ length: CALLS }, () => request(child, key, "tools/call", { name: "whoami" }));
  const typed = fetch(`${child.url}/api/v1/flows/${flowId}`, {
    method: "PUT",
    headers: { ...keyProof(key), "content-type": "application/json" },
    body: JSON.stringify({ headers: { "X-API-Key": NEW } }),
  });
  await until(() => held() === CALLS + 1);

  child.send("SIGTERM");
  await until(async () => (await fetch(`${child.url}/readyz`)).status === 503);
  const readiness = (await (await fetch(`${child.url}/readyz`)).json()) as { readonly checks: object };
  expect(readiness.checks).toEqual({ serving: "failed", store: "ok", keys: "ok", clock: "ok" });
  expect((await fetch(`${child.url}/healthz`)).status).toBe(200);
  const late = await request(child, key, "tools/call", { name: "whoami" });
  expect([late.status, late.headers.get("retry-after"), late.headers.get("connection")]).toEqual([503, "1", "close"]);
  expect(await late.json()).toMatchObject({ error: { code: "shutting_down" } });
  expect(await stream.text()).not.toContain("jsonrpc");

  release();
  for (const answer of await Promise.all(calls)) {
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"result"');
  }
  expect((await typed).status).toBe(200);
  expect(await child.ended).toBe(0);
  expect(child.output()).toContain('"event":"stopped"');

  // The claim is gone with the values that it was for.
  const again = await startTestGateway({ folder });
  const state = await again.call("GET", `/api/v1/flows/${flowId}/status`, keyProof(key));
  expect(state.body).toEqual({ state: "completed" });
  expect((await callTool(again, key, "notes-whoami")).status).toBe(200);
  expect(upstream.received.at(-1)?.headerValue).toBe(NEW);
  await again.close();
});

it("A69: a second signal ends the process at once, whatever is under way", async () => {
  const { key } = await prepare();
  const child = await serve();
  const held = holdBack();
  const call = request(child, key, "tools/call", { name: "whoami" }).catch(() => "cut");
  await until(() => held() === 1);
  child.send("SIGTERM");
  await until(() => child.output().includes('"event":"draining"'));
  child.send("SIGTERM");
  expect(await child.ended).toBe(128 + 15);
  expect(await call).toBe("cut");
});

it("A69: with a shutdown delay it is not ready, and serves, until the delay is over", async () => {
  const { key } = await prepare();
  const child = await serve({ KEYWARD_SHUTDOWN_DELAY: "2" });
  child.send("SIGTERM");
  await until(async () => (await fetch(`${child.url}/readyz`)).status === 503);
  expect((await request(child, key, "tools/call", { name: "whoami" })).status).toBe(200);
  expect(await child.ended).toBe(0);
});
