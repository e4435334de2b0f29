import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway } from "../helpers/test-gateway.ts";

const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A stateful server that takes a tool call, and then sends this instead of an answer. */
async function startEvasiveServer(type: string, body: string): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { id?: number; method?: string };
      if (request.headers["x-api-key"] === undefined || method === undefined || method === "server/discover") {
        response.writeHead(request.headers["x-api-key"] === undefined ? 401 : 405).end();
      } else if (id === undefined) {
        response.writeHead(202).end();
      } else if (method === "tools/call") {
        response.writeHead(200, { "content-type": type }).end(body);
      } else {
        const tools = [{ name: "evade", inputSchema: { type: "object" } }];
        const hello = {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "e", version: "1" },
        };
        response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "s" });
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result: method === "initialize" ? hello : { tools } }));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => void server.close());
  closing.push(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

it.each([
  ["a page", "text/html", "<html></html>"],
  ["a stream without an event", "text/event-stream", ""],
  ["a stream of comments", "text/event-stream", ": nothing\n\n"],
  ["nothing", "application/json", ""],
  ["an answer to something else", "application/json", JSON.stringify({ jsonrpc: "2.0", id: 999_999, result: {} })],
])(
  "A30: a server that sends %s where an answer is due costs its caller an error, in a session too",
  async (_, type, body) => {
    const url = await startEvasiveServer(type, body);
    const gateway = await startTestGateway();
    closing.push(() => gateway.close());
    const serverId = await gateway.register("evasive", url, canaryValue("sample"));
    const alice = await gateway.issueKey("alice");
    await gateway.grant(serverId, alice.id);
    const { flowId } = linkIn((await callTool(gateway, alice.key, "evasive-evade")).text);
    await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": canaryValue("alice") });
    const post = (headers: Record<string, string>, message: object): Promise<Response> =>
      fetch(`${gateway.url}/mcp/evasive`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${alice.key}`,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      });
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const hello = await post({}, { id: 1, method: "initialize", params });
    const session = { "mcp-session-id": hello.headers.get("mcp-session-id") ?? "" };
    await post(session, { method: "notifications/initialized" });
    for (const headers of [session, {}]) {
      const answer = await post(headers, { id: 2, method: "tools/call", params: { name: "evade", arguments: {} } });
      expect(await answer.json()).toMatchObject({ id: 2, result: { isError: true } });
    }
  },
);
