import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { ClientKind } from "./mcp-clients.ts";

/** An official client that does not judge what it gets, and remembers everything that it is told and asked. */
export interface RecordingClient {
  /** What the server said of itself. */
  readonly hello: unknown;
  /** Notifications and requests of the server, in the order in which they came. */
  readonly seen: { readonly method: string; readonly params: unknown }[];
  /** @returns the result, or the error with its code and data */
  ask(method: string, params?: Record<string, unknown>, options?: Options): Promise<unknown>;
  notify(method: string, params: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  readonly signal?: AbortSignal;
  readonly withProgress?: boolean;
}

const INFO = { name: "recording-client", version: "1.2.3" };
const CAPABILITIES = {
  sampling: {},
  roots: { listChanged: true },
  elicitation: { form: {}, url: {} },
};
const ANSWERS = {
  "sampling/createMessage": { model: "m", role: "assistant", content: { type: "text", text: "sampled" }, "x-c": 1 },
  "roots/list": { roots: [{ uri: "file:///root", name: "root", "x-c": 2 }] },
  "elicitation/create": { action: "accept", content: { name: "Zoë" } },
} as const;

export async function startRecordingClient(
  kind: ClientKind,
  url: string,
  headers: Record<string, string>,
): Promise<RecordingClient> {
  const seen: { method: string; params: unknown }[] = [];
  const record = ({ method, params }: { method: string; params?: unknown }): void => {
    seen.push({ method, params: params === undefined ? undefined : JSON.parse(JSON.stringify(params)) });
  };
  return kind === "SDK v1" ? startV1(url, headers, seen, record) : startV2(kind, url, headers, seen, record);
}

type Record1 = (message: { method: string; params?: unknown }) => void;

async function startV1(
  url: string,
  headers: Record<string, string>,
  seen: RecordingClient["seen"],
  record: Record1,
): Promise<RecordingClient> {
  const client = new ClientV1(INFO, { capabilities: CAPABILITIES });
  client.fallbackNotificationHandler = async (notification) => record(notification);
  for (const schema of [CreateMessageRequestSchema, ListRootsRequestSchema, ElicitRequestSchema]) {
    client.setRequestHandler(schema, (request) => {
      record(request);
      return ANSWERS[request.method];
    });
  }
  const transport = new TransportV1(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  return {
    hello: [client.getServerVersion(), client.getServerCapabilities(), client.getInstructions()],
    seen,
    ask: (method, params = {}, options = {}) =>
      outcomeOf(client.request({ method, params }, z.any(), optionsOf(options, record))),
    notify: (method, params) => client.notification({ method, params }),
    async close() {
      await transport.terminateSession();
      await client.close();
    },
  };
}

const ACCEPT_ANY = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;

async function startV2(
  kind: ClientKind,
  url: string,
  headers: Record<string, string>,
  seen: RecordingClient["seen"],
  record: Record1,
): Promise<RecordingClient> {
  const client = new ClientV2(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: kind === "SDK v2 modern" ? { pin: "2026-07-28" } : "legacy" },
  });
  client.fallbackNotificationHandler = async (notification) => record(notification);
  for (const method of ["sampling/createMessage", "roots/list", "elicitation/create"] as const) {
    client.setRequestHandler(method, (request) => {
      record(request);
      return ANSWERS[method] as never;
    });
  }
  const transport = new TransportV2(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  return {
    hello: [client.getServerVersion(), client.getServerCapabilities(), client.getInstructions()],
    seen,
    ask: (method, params = {}, options = {}) =>
      outcomeOf(client.request({ method, params } as never, ACCEPT_ANY as never, optionsOf(options, record))),
    notify: (method, params) => client.notification({ method, params }),
    async close() {
      if (kind !== "SDK v2 modern") await transport.terminateSession();
      await client.close();
    },
  };
}

function optionsOf({ signal, withProgress }: Options, record: Record1) {
  const onprogress = (params: unknown): void => record({ method: "progress", params });
  return { ...(signal === undefined ? {} : { signal }), ...(withProgress === true ? { onprogress } : {}) };
}

async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
    return { error: { code, message, data } };
  }
}
