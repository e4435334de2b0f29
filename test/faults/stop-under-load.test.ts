import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { giveValue } from "../helpers/connected.ts";
import { engineOf } from "../helpers/engine.ts";
import { type KeywardProcess, startKeyward } from "../helpers/keyward-process.ts";
import { keyProof } from "../helpers/person.ts";
import { startTestGateway, textIn } from "../helpers/test-gateway.ts";

/** SIGTERM to a process that has calls and a submission under way. */

const CALLS = 12;

let folder: string;
let upstream: HeaderUpstream;
let child: KeywardProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-stop-"));
  upstream = await startHeaderUpstream({ era: "modern" });
});
afterEach(async () => {
  await child?.kill("SIGKILL");
  await upstream.close();
  rmSync(folder, { recursive: true });
});

async function prepare(): Promise<{ key: string; flowId: string }> {
  const gateway = await startTestGateway({ folder });
  const serverId = await gateway.register("notes", upstream.url, canaryValue("sample"));
  const { id, key } = await gateway.issueKey("alice");
  await gateway.grant(serverId, id);
  await giveValue(gateway, serverId, key, canaryValue("old"));
  const { body } = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, keyProof(key), {});
  await gateway.close();
  return { key, flowId: textIn(body, "flow_id") };
}

/** Somebody who connects now. @returns the status of the answer; 0 = there was none */
function newcomer(url: string, key: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get(`${url}/api/v1/me`, { agent: false, headers: keyProof(key) }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", () => resolve(0));
  });
}

it("A69: SIGTERM finishes what is under way, takes nothing new, leaves no claim behind, and ends with 0", async () => {
  const { key, flowId } = await prepare();
  const engine = await engineOf(folder);
  child = await startKeyward({ cwd: folder, env: engine.envWith({}) });
  const { url } = child;
  const gate = Promise.withResolvers<void>();
  const everyone = Promise.withResolvers<void>();
  let arrived = 0;
  upstream.change({
    before: async ({ method }) => {
      if (method === "server/discover" && arrived < CALLS) return;
      arrived += 1;
      if (arrived > CALLS) everyone.resolve();
      await gate.promise;
    },
  });
  const headers = {
    ...keyProof(key),
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const call = (id: number): Promise<Response> =>
    fetch(`${url}/mcp`, {
      method: "POST",
      headers: { ...headers, "mcp-protocol-version": "2025-11-25" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: { name: "notes-whoami", arguments: {} },
      }),
    });
  const calls = Array.from({ length: CALLS }, (_, id) => call(id));
  await expect.poll(() => arrived, { timeout: 15_000 }).toBe(CALLS);
  const submitting = fetch(`${url}/api/v1/flows/${flowId}`, {
    method: "PUT",
    headers,
    body: JSON.stringify({ headers: { "X-API-Key": canaryValue("new") } }),
  });
  await everyone.promise;

  const ended = child.kill("SIGTERM");
  await expect.poll(() => newcomer(url, key), { timeout: 15_000 }).not.toBe(200);
  gate.resolve();

  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { result?: { isError?: boolean } }[];
  expect(bodies.map(({ result }) => result?.isError ?? false)).toEqual(bodies.map(() => false));
  expect((await submitting).status).toBe(200);
  expect(await ended).toBe(0);

  expect(await engine.query("select id from submission_flows")).toEqual([]);
  expect(await engine.query("select cast(version as integer) as version, status from header_credentials")).toEqual([
    { version: 2, status: "active" },
  ]);
});
