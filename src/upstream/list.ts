import type { JsonObject, JsonValue } from "../core/json.ts";
import type { McpMessage } from "../core/ports.ts";
import type { ListKind, ProtocolEra } from "../core/server.ts";
import { type CleanItems, cleanList, type KeyedItem, MAX_ITEMS } from "./clean.ts";
import { isJsonArray, type JsonRpcResponse } from "./json-rpc.ts";
import { cleanPrompt, cleanResource, cleanResourceTemplate } from "./prompts-and-resources.ts";
import { cleanTool } from "./tools.ts";

const MAX_PAGES = 100;
const METHOD_NOT_FOUND = -32_601;

interface ListSpec {
  readonly method: string;
  readonly clean: (candidate: JsonObject, era: ProtocolEra) => KeyedItem | null;
}

const LISTS: Readonly<Record<ListKind, ListSpec>> = {
  tools: { method: "tools/list", clean: cleanTool },
  prompts: { method: "prompts/list", clean: cleanPrompt },
  resources: { method: "resources/list", clean: cleanResource },
  resourceTemplates: { method: "resources/templates/list", clean: cleanResourceTemplate },
};

/** One request of a list: its answer, or why there is none. */
export type Asked<F> =
  | { readonly kind: "answered"; readonly response: JsonRpcResponse }
  | { readonly kind: "unanswered"; readonly failure: F };

export type Pages<F> =
  | { readonly kind: "received"; readonly received: readonly JsonValue[] }
  /** An error, or a result that is no list. */
  | { readonly kind: "malformed" }
  | { readonly kind: "unanswered"; readonly failure: F };

/** Asks for all pages of a list, at most 100 of them and 1,000 items. A server without such a list has an empty one. */
export async function askForList<F>(
  kind: ListKind,
  ask: (message: McpMessage) => Promise<Asked<F>>,
): Promise<Pages<F>> {
  const received: JsonValue[] = [];
  const seen = new Set<JsonValue>();
  let cursor: JsonValue | undefined;
  for (let page = 0; page < MAX_PAGES && received.length < MAX_ITEMS; page += 1) {
    const asked = await ask({ method: LISTS[kind].method, params: cursor === undefined ? {} : { cursor } });
    if (asked.kind === "unanswered") {
      return asked;
    }
    if (asked.response.kind === "error") {
      // A server of prompts alone has no method for tools, and the other way round.
      return asked.response.error.code === METHOD_NOT_FOUND ? { kind: "received", received } : { kind: "malformed" };
    }
    const { [kind]: items, nextCursor } = asked.response.result;
    if (!isJsonArray(items)) {
      return { kind: "malformed" };
    }
    // Not spread: a body of 10 MB may hold more items than a call takes arguments.
    for (const item of items.slice(0, MAX_ITEMS - received.length)) received.push(item);
    // A cursor that comes again would go round for ever.
    if (typeof nextCursor !== "string" || seen.has(nextCursor)) break;
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  return { kind: "received", received };
}

/** What of a received list can be shown to clients. */
export function cleanItems(kind: ListKind, received: readonly JsonValue[], era: ProtocolEra): CleanItems {
  return cleanList(received, (candidate) => LISTS[kind].clean(candidate, era));
}
