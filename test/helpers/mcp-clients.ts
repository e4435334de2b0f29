import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** What the tests need of an official SDK client, whichever generation and era it is. */
export interface TestClient {
  listTools(): Promise<readonly string[]>;
  callTool(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Record<string, unknown> | undefined;
}

export type ClientKind = "SDK v1" | "SDK v2 legacy" | "SDK v2 modern";

export const CLIENT_KINDS: readonly ClientKind[] = ["SDK v1", "SDK v2 legacy", "SDK v2 modern"];

const INFO = { name: "keyward-test-client", version: "1.2.3" };

export async function connectClient(kind: ClientKind, url: string, key: string): Promise<TestClient> {
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  if (kind === "SDK v1") {
    const client = new ClientV1(INFO);
    await client.connect(new TransportV1(new URL(url), { requestInit }));
    return wrap(client);
  }
  const client = new ClientV2(INFO, {
    versionNegotiation: { mode: kind === "SDK v2 modern" ? { pin: "2026-07-28" } : "legacy" },
  });
  await client.connect(new TransportV2(new URL(url), { requestInit }));
  return wrap(client);
}

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

function wrap(client: AnyClient): TestClient {
  return {
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    callTool: async (name, args = {}) => {
      const result = (await client.callTool({ name, arguments: args })) as {
        isError?: boolean;
        content?: { type: string; text?: string }[];
        structuredContent?: Record<string, unknown>;
      };
      return {
        isError: result.isError ?? false,
        text: (result.content ?? []).map((block) => block.text ?? "").join("\n"),
        structured: result.structuredContent,
      };
    },
    close: () => client.close(),
  };
}
