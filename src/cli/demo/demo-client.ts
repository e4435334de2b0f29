import { KeywardError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import { namesAt, objectsAt, textAt } from "../json-answer.ts";

const REVISION = "2026-07-28";
const META = "io.modelcontextprotocol/";
/** Longer than Keyward holds a call. */
const TIMEOUT_MS = 60_000;

/** What a tool call brought back. */
type ToolAnswer =
  | { readonly kind: "result"; readonly texts: readonly string[] }
  /** The gateway asks for the caller's own values, and says where to give them. */
  | { readonly kind: "auth_required"; readonly url: string; readonly fields: readonly string[] }
  /** The same, to a client that opens links: it calls again at once, and that call waits for the values. */
  | { readonly kind: "link_to_open"; readonly url: string; readonly callAgain: () => Promise<ToolAnswer> };

/** A client as people use them, reduced to what the demo does: JSON-RPC over streamable HTTP with a virtual key. */
export interface DemoClient {
  listTools(): Promise<readonly string[]>;
  /** @throws KeywardError `internal` for an answer that no working gateway gives */
  callTool(name: string): Promise<ToolAnswer>;
}

/**
 * @param url of the gateway's MCP endpoint
 * @param opensLinks whether the client can show a person a page; many can only show text
 */
export function createDemoClient(
  url: string,
  key: Secret<string>,
  { opensLinks }: { opensLinks: boolean },
): DemoClient {
  let nextId = 1;
  const envelope: JsonObject = {
    [`${META}protocolVersion`]: REVISION,
    [`${META}clientCapabilities`]: opensLinks ? { elicitation: { url: {} } } : {},
    [`${META}clientInfo`]: { name: "keyward-demo", version: "1.0.0" },
  };

  async function request(method: string, params: JsonObject): Promise<JsonObject> {
    const id = nextId;
    nextId += 1;
    const name = textAt(params, "name");
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        Authorization: `Bearer ${key.reveal()}`,
        "MCP-Protocol-Version": REVISION,
        "Mcp-Method": method,
        ...(name === "" ? {} : { "Mcp-Name": name }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: envelope } }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await response.text();
    const answer = response.ok ? parseAnswer(body, response.headers.get("content-type") ?? "") : null;
    const result = isJsonObject(answer) ? answer["result"] : undefined;
    if (!isJsonObject(result)) {
      throw unexpected(`status ${response.status} and no result for ${method}`);
    }
    return result;
  }

  async function call(params: JsonObject): Promise<ToolAnswer> {
    const result = await request("tools/call", params);
    if (textAt(result, "resultType") !== "input_required") {
      return judge(result);
    }
    const { inputRequests = {}, requestState = "" } = result;
    const [[asked, ask] = ["", {}]] = Object.entries(isJsonObject(inputRequests) ? inputRequests : {});
    return {
      kind: "link_to_open",
      url: textAt(isJsonObject(ask) ? ask : {}, "params", "url"),
      callAgain: () => call({ ...params, requestState, inputResponses: { [asked]: { action: "accept" } } }),
    };
  }

  return {
    listTools: async () => objectsAt(await request("tools/list", {}), "tools").map((tool) => textAt(tool, "name")),
    callTool: (name) => call({ name, arguments: {} }),
  };
}

function judge(result: JsonObject): ToolAnswer {
  const url = textAt(result, "structuredContent", "url");
  if (textAt(result, "structuredContent", "kind") === "headers" && url !== "") {
    return { kind: "auth_required", url, fields: namesAt(result, "structuredContent", "required_fields") ?? [] };
  }
  if (result["isError"] === true) {
    throw unexpected("a failed tool call");
  }
  return { kind: "result", texts: objectsAt(result, "content").map((part) => textAt(part, "text")) };
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
