import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  type CallToolRequest,
  CallToolRequestSchema,
  type CallToolResult,
  CallToolResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { expectedKey, KEY_HEADER } from "../calls.ts";
import { answerParent } from "../measured.ts";

const INFO = { name: "rival", version: "1" };

/** Forwards one call for the identity that makes it. */
export type Forward = (who: string, params: CallToolRequest["params"]) => Promise<CallToolResult>;

/**
 * The official SDK's server as it is served best: one server for each client session, answers as JSON. The bearer names
 * the identity; nothing is stored, decrypted or checked, which a gateway would have to do on top.
 */
export function serveThroughSdk(forward: Forward): void {
  const transports = new Map<string, StreamableHTTPServerTransport>();

  async function open(who: string): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    // oxlint-disable-next-line no-deprecated -- the low-level server is for those who forward what they do not know.
    const server = new Server(INFO, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => forward(who, params));
    await server.connect(transport);
    return transport;
  }

  const listener = createServer((request, response) => {
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? transports.get(id) : undefined;
    Promise.resolve(known ?? open(bearerOf(request)))
      .then((transport) => transport.handleRequest(request, response))
      .catch(() => response.destroy());
  });
  listener.listen(0, "127.0.0.1", () => {
    answerParent({ url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}` });
  });
}

/** Connects the official SDK's client, with the key of an identity in its headers. */
export async function connectSdkClient(upstream: string, who: string): Promise<Client> {
  const client = new Client(INFO);
  const requestInit = { headers: { [KEY_HEADER]: expectedKey(who) } };
  const transport = new StreamableHTTPClientTransport(new URL(upstream), { requestInit });
  await client.connect(transport);
  return client;
}

export function callThroughSdk(client: Client, params: CallToolRequest["params"]): Promise<CallToolResult> {
  return client.request({ method: "tools/call", params }, CallToolResultSchema);
}

function bearerOf({ headers }: IncomingMessage): string {
  return (headers.authorization ?? "").replace("Bearer ", "");
}
