import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

import { withoutSetNote } from "./set-note.ts";

/** What the tests need of an official SDK client, whichever generation and era it is. */
export interface TestClient {
  listTools(): Promise<readonly string[]>;
  /** @param signal aborts the request, and tells the server as the client's era does */
  callTool(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<ToolAnswer>;
  /** Resolves when the client's own stream (GET) is open; never in the modern era. */
  readonly streamOpen: Promise<void>;
  /** Notifications that came, in their order: a method, and of a completion its id. */
  readonly heard: readonly string[];
  /** Resolves when this has been heard. */
  hears(what: string): Promise<void>;
  close(): Promise<void>;
}

interface ToolAnswer {
  readonly isError: boolean;
  /** All text blocks that the server has written. */
  readonly text: string;
  readonly structured: Record<string, unknown> | undefined;
}

export type ClientKind = "SDK v1" | "SDK v2 legacy" | "SDK v2 modern";

export const CLIENT_KINDS: readonly ClientKind[] = ["SDK v1", "SDK v2 legacy", "SDK v2 modern"];

/** Also the one that finds the era out by itself. */
export type AnyClientKind = ClientKind | "SDK v2 auto";

type Action = "accept" | "decline" | "cancel";

export interface ClientOptions {
  /** Declares `elicitation: {url: {}}`, and says what its person does with a URL. */
  readonly onUrl?: (url: string, message: string) => Action;
}

const INFO = { name: "keyward-test-client", version: "1.2.3" };
/** What a client declares that opens URLs for its person. */
export const OPENS_URLS = { elicitation: { url: {} } };

export async function connectClient(
  kind: AnyClientKind,
  url: string,
  key: string,
  options: ClientOptions = {},
): Promise<TestClient> {
  const ears = createEars();
  const { promise: streamOpen, resolve: opened } = Promise.withResolvers<void>();
  const watching: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method === "GET" && response.status === 200) opened();
    return response;
  };
  const transport = { requestInit: { headers: { authorization: `Bearer ${key}` } }, fetch: watching };
  const client =
    kind === "SDK v1"
      ? await connectV1(url, transport, options, ears.hear)
      : await connectV2(kind, url, transport, options, ears.hear);
  return wrap(client, { streamOpen, heard: ears.heard, hears: ears.hears });
}

interface TransportOptions {
  readonly requestInit: { readonly headers: Record<string, string> };
  readonly fetch: typeof fetch;
}

async function connectV1(
  url: string,
  transport: TransportOptions,
  { onUrl }: ClientOptions,
  hear: (what: string) => void,
): Promise<AnyClient> {
  const client = new ClientV1(INFO, { capabilities: onUrl === undefined ? {} : OPENS_URLS });
  if (onUrl !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ action: actionOn(params, onUrl) }));
  }
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ method, params }) =>
    hear(`${method} ${params.elicitationId}`),
  );
  client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => hear(method));
  await client.connect(new TransportV1(new URL(url), transport));
  return {
    listTools: () => client.listTools(),
    callTool: (params, signal) => client.callTool(params, undefined, signal === undefined ? {} : { signal }),
    close: () => client.close(),
  };
}

export const NEGOTIATION = {
  "SDK v2 legacy": "legacy",
  "SDK v2 modern": { pin: "2026-07-28" },
  "SDK v2 auto": "auto",
} as const;

async function connectV2(
  kind: Exclude<AnyClientKind, "SDK v1">,
  url: string,
  transport: TransportOptions,
  { onUrl }: ClientOptions,
  hear: (what: string) => void,
): Promise<AnyClient> {
  const client = new ClientV2(INFO, {
    versionNegotiation: { mode: NEGOTIATION[kind] },
    capabilities: onUrl === undefined ? {} : OPENS_URLS,
  });
  if (onUrl !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) => ({ action: actionOn(params, onUrl) }));
  }
  client.setNotificationHandler("notifications/elicitation/complete", ({ method, params }) =>
    hear(`${method} ${params.elicitationId}`),
  );
  client.setNotificationHandler("notifications/tools/list_changed", ({ method }) => hear(method));
  await client.connect(new TransportV2(new URL(url), transport));
  return {
    listTools: () => client.listTools(),
    callTool: (params, signal) => client.callTool(params, signal === undefined ? {} : { signal }),
    close: () => client.close(),
  };
}

/** What the person does with an elicitation; one without a URL is cancelled. */
export function actionOn(
  params: { readonly message: string; readonly url?: unknown },
  onUrl: NonNullable<ClientOptions["onUrl"]>,
): Action {
  return typeof params.url === "string" ? onUrl(params.url, params.message) : "cancel";
}

function createEars() {
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  return {
    heard,
    hear(what: string): void {
      heard.push(what);
      waiting.forEach((wake) => wake());
    },
    hears: (what: string): Promise<void> =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (heard.includes(what)) {
            waiting.delete(wake);
            resolve();
          }
        };
        waiting.add(wake);
        wake();
      }),
  };
}

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }, signal?: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

function wrap(client: AnyClient, more: Pick<TestClient, "streamOpen" | "heard" | "hears">): TestClient {
  return {
    ...more,
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    callTool: async (name, args = {}, signal) => {
      const result = (await client.callTool({ name, arguments: args }, signal)) as {
        isError?: boolean;
        content?: { type: string; text?: string }[];
        structuredContent?: Record<string, unknown>;
      };
      return {
        isError: result.isError ?? false,
        text: withoutSetNote(result.content)
          .map((block) => block.text ?? "")
          .join("\n"),
        structured: result.structuredContent,
      };
    },
    close: () => client.close(),
  };
}
