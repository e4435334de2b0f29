import type { JsonObject } from "../../src/core/json.ts";
import { withoutSetNote } from "./set-note.ts";
import type { TestGateway } from "./test-gateway.ts";

export interface RpcAnswer {
  readonly status: number;
  readonly body: JsonObject;
  readonly result: {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text?: string }[];
    readonly structuredContent?: JsonObject;
  };
  /** All text blocks of a tool result that the server has written. */
  readonly text: string;
}

let lastId = 0;

/** One JSON-RPC request of a 2025-11-25 client, without the SDK: for tests that make thousands. */
export async function rpc(
  gateway: Pick<TestGateway, "url">,
  path: string,
  headers: Readonly<Record<string, string>>,
  method: string,
  params: JsonObject = {},
): Promise<RpcAnswer> {
  lastId += 1;
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: lastId, method, params }),
  });
  const body = (await response.json()) as JsonObject;
  const result = (body["result"] ?? {}) as RpcAnswer["result"];
  return {
    status: response.status,
    body,
    result,
    text: withoutSetNote(result.content)
      .map((block) => block.text ?? "")
      .join("\n"),
  };
}

export function callTool(
  gateway: Pick<TestGateway, "url">,
  key: string,
  name: string,
  args: JsonObject = {},
  path = "/mcp",
): Promise<RpcAnswer> {
  return rpc(gateway, path, { authorization: `Bearer ${key}` }, "tools/call", { name, arguments: args });
}
