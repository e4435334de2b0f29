import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

const MODERN = "2026-07-28";

/** An upstream whose list of tools can change, and which says so to whoever listens. */
interface ChangingUpstream {
  readonly url: string;
  readonly listeners: Set<ServerResponse>;
  change(tool: string): void;
  close(): void;
}

async function startChangingUpstream(era: "legacy" | "modern"): Promise<ChangingUpstream> {
  const listeners = new Set<ServerResponse>();
  let tools = ["first"];
  const capabilities = { tools: { listChanged: true } };

  const answer = (method: string): JsonObject | null => {
    switch (method) {
      case "server/discover":
        return era === "modern"
          ? { resultType: "complete", supportedVersions: [MODERN], capabilities, ttlMs: 0, cacheScope: "private" }
          : null;
      case "initialize":
        return era === "legacy"
          ? { protocolVersion: "2025-11-25", capabilities, serverInfo: { name: "changing", version: "1" } }
          : null;
      case "tools/list": {
        const list = tools.map((name) => ({ name, inputSchema: { type: "object" } }));
        return { resultType: "complete", tools: list, ttlMs: 0, cacheScope: "private" };
      }
      case "tools/call":
        return { resultType: "complete", content: [{ type: "text", text: "done" }] };
      default:
        return null;
    }
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.headers["x-api-key"] === undefined) {
        response.writeHead(401).end();
        return;
      }
      const text = Buffer.concat(chunks).toString();
      const message = (text === "" ? { method: "GET" } : JSON.parse(text)) as { id?: number; method: string };
      if ((era === "legacy" && message.method === "GET") || message.method === "subscriptions/listen") {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        listeners.add(response);
        response.on("close", () => listeners.delete(response));
        return;
      }
      const result = answer(message.method);
      const body = result === null ? { error: { code: -32_601, message: "Method not found" } } : { result };
      const isNotification = message.id === undefined;
      response.writeHead(isNotification ? 202 : 200, {
        "content-type": "application/json",
        ...(message.method === "initialize" && era === "legacy" ? { "mcp-session-id": "session" } : {}),
      });
      response.end(isNotification ? "" : JSON.stringify({ jsonrpc: "2.0", id: message.id, ...body }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    listeners,
    change(tool) {
      tools = [...tools, tool];
      const message = JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
      listeners.forEach((response) => response.write(`data: ${message}\n\n`));
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** What comes on an event stream, message by message, until the test ends. */
async function messagesOf(response: Response, seen: JsonObject[]): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done = true, value = "" } = (await reader?.read().catch(() => undefined)) ?? {};
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const data = /^data: ?(.+)$/m.exec(text.slice(0, end))?.[1];
      if (data !== undefined) seen.push(JSON.parse(data) as JsonObject);
      text = text.slice(end + 2);
    }
  }
}

async function post(gateway: TestGateway, headers: Record<string, string>, body: JsonObject, signal?: AbortSignal) {
  return fetch(`${gateway.url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function connect(gateway: TestGateway, upstream: ChangingUpstream, key: { id: string; key: string }) {
  const serverId = await gateway.register("changing", upstream.url, canaryValue("sample"));
  await gateway.grant(serverId, key.id);
  const { flowId } = linkIn((await callTool(gateway, key.key, "changing-first")).text);
  const values = { "X-API-Key": canaryValue("alice") };
  expect((await submit(gateway, flowId, keyProof(key.key), values)).status).toBe(200);
}

describe.each(["legacy", "modern"] as const)("a change that a %s server tells of", (era) => {
  it("reaches the session's stream on /mcp, and the next list has it", async () => {
    const upstream = await startChangingUpstream(era);
    closing.push(() => upstream.close());
    const gateway = await startTestGateway();
    closing.push(() => gateway.close());
    const alice = await gateway.issueKey("alice");
    await connect(gateway, upstream, alice);
    const authorization = `Bearer ${alice.key}`;
    const initialized = await post(
      gateway,
      { authorization },
      {
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
      },
    );
    const session = { authorization, "mcp-session-id": initialized.headers.get("mcp-session-id") ?? "" };
    const leaving = new AbortController();
    closing.push(() => leaving.abort());
    const stream = await fetch(`${gateway.url}/mcp`, {
      headers: { ...session, accept: "text/event-stream" },
      signal: leaving.signal,
    });
    const seen: JsonObject[] = [];
    void messagesOf(stream, seen);
    const listed = async () => (await (await post(gateway, session, { id: 2, method: "tools/list" })).json()) as object;
    expect(await listed()).toMatchObject({ result: { tools: [{ name: "changing-first" }] } });
    await expect.poll(() => upstream.listeners.size, { timeout: 10_000 }).toBe(1);

    upstream.change("second");
    const changed = expect.objectContaining({ method: "notifications/tools/list_changed" });
    await expect.poll(() => seen, { timeout: 10_000 }).toContainEqual(changed);
    expect(await listed()).toMatchObject({
      result: { tools: [{ name: "changing-first" }, { name: "changing-second" }] },
    });

    leaving.abort();
    await expect.poll(() => upstream.listeners.size, { timeout: 10_000 }).toBe(0);
  });

  it("reaches a modern client's subscription on /mcp", async () => {
    const upstream = await startChangingUpstream(era);
    closing.push(() => upstream.close());
    const gateway = await startTestGateway();
    closing.push(() => gateway.close());
    const alice = await gateway.issueKey("alice");
    await connect(gateway, upstream, alice);
    const prefix = "io.modelcontextprotocol/";
    const leaving = new AbortController();
    closing.push(() => leaving.abort());
    const headers = {
      authorization: `Bearer ${alice.key}`,
      "mcp-protocol-version": MODERN,
      "mcp-method": "subscriptions/listen",
    };
    const params = {
      notifications: { toolsListChanged: true, promptsListChanged: false },
      _meta: { [`${prefix}protocolVersion`]: MODERN, [`${prefix}clientCapabilities`]: {} },
    };
    const stream = await post(gateway, headers, { id: 7, method: "subscriptions/listen", params }, leaving.signal);
    const seen: JsonObject[] = [];
    void messagesOf(stream, seen);
    await expect.poll(() => upstream.listeners.size, { timeout: 10_000 }).toBe(1);
    const _meta = { [`${prefix}subscriptionId`]: 7 };
    expect(seen).toEqual([
      {
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: { notifications: { toolsListChanged: true }, _meta },
      },
    ]);
    upstream.change("second");
    await expect
      .poll(() => seen, { timeout: 10_000 })
      .toContainEqual({ jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { _meta } });
  });
});
