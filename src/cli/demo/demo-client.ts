import { KeywardError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import { namesAt, objectsAt, textAt } from "../json-answer.ts";

const REVISION = "2025-06-18";
const TIMEOUT_MS = 60_000;

/** What a tool call brought back. */
type ToolAnswer =
  | { readonly kind: "result"; readonly text: string }
  /** The gateway asks for the caller's own values, and says where to give them. */
  | {
      readonly kind: "auth_required";
      readonly url: string;
      readonly expiresAt: string;
      readonly fields: readonly string[];
    };

/** A client as people use them, reduced to what the demo does: JSON-RPC over streamable HTTP with a virtual key. */
export interface DemoClient {
  listTools(): Promise<readonly string[]>;
  /** @throws KeywardError `internal` for an answer that no working gateway gives */
  callTool(name: string): Promise<ToolAnswer>;
}

/** Connects: `initialize`, then `notifications/initialized`. @param url of the gateway's MCP endpoint */
export async function connectDemoClient(url: string, key: Secret<string>): Promise<DemoClient> {
  let sessionId: string | null = null;
  let nextId = 1;

  async function post(message: JsonObject): Promise<JsonValue> {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        Authorization: `Bearer ${key.reveal()}`,
        ...(message["method"] === "initialize" ? {} : { "MCP-Protocol-Version": REVISION }),
        ...(sessionId === null ? {} : { "Mcp-Session-Id": sessionId }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    sessionId = response.headers.get("mcp-session-id") ?? sessionId;
    const body = await response.text();
    if (!response.ok) {
      throw unexpected(`status ${response.status}`);
    }
    return body === "" ? null : parseAnswer(body, response.headers.get("content-type") ?? "");
  }

  async function request(method: string, params: JsonObject): Promise<JsonObject> {
    const id = nextId;
    nextId += 1;
    const answer = await post({ id, method, params });
    const result = isJsonObject(answer) ? answer["result"] : undefined;
    if (result === undefined || !isJsonObject(result)) {
      throw unexpected(`no result for ${method}`);
    }
    return result;
  }

  await request("initialize", {
    protocolVersion: REVISION,
    capabilities: {},
    clientInfo: { name: "keyward-demo", version: "1.0.0" },
  });
  await post({ method: "notifications/initialized" });
  return {
    listTools: async () => objectsAt(await request("tools/list", {}), "tools").map((tool) => textAt(tool, "name")),
    callTool: async (name) => judge(await request("tools/call", { name, arguments: {} })),
  };
}

function judge(result: JsonObject): ToolAnswer {
  const url = textAt(result, "structuredContent", "url");
  if (textAt(result, "structuredContent", "kind") === "headers" && url !== "") {
    return {
      kind: "auth_required",
      url,
      expiresAt: textAt(result, "structuredContent", "expires_at"),
      fields: namesAt(result, "structuredContent", "required_fields") ?? [],
    };
  }
  if (result["isError"] === true) {
    throw unexpected("a failed tool call");
  }
  const texts = objectsAt(result, "content").map((part) => textAt(part, "text"));
  return { kind: "result", text: texts.join("\n") };
}

/** One JSON document, or the last event of a stream of them. */
function parseAnswer(body: string, contentType: string): JsonValue {
  const events = contentType.startsWith("text/event-stream")
    ? body.split(/\r?\n\r?\n/).flatMap((event) => /^data: ?(.+)$/m.exec(event)?.[1] ?? [])
    : [body];
  return JSON.parse(events.at(-1) ?? "null") as JsonValue;
}

function unexpected(what: string): KeywardError {
  return new KeywardError("internal", { message: `The demo's client got ${what} from the gateway.` });
}
