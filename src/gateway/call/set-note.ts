import { agoText } from "../../core/ago.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { memberSpans } from "../../core/json-text.ts";
import type { Clock, ServerMessage } from "../../core/ports.ts";
import type { Untold } from "../../core/resolver.ts";
import type { Store } from "../../core/store-port.ts";
import type { Exchange } from "../exchange.ts";

/**
 * Tells whoever calls when and from where the values were set that their call has used: somebody else may have planted
 * them through a link. Once for each version, in the first tool result that it gets, and never where it could not be read.
 */
export interface SetNotes {
  /** @returns the response with the note as its last block; as it was where there is no place for one, or all is told */
  addTo(response: ServerMessage, exchange: Exchange, untold: Untold, serverName: string): ServerMessage;
}

/** For as long as the store has not written down that somebody has been told: some seconds. */
const MAX_REMEMBERED = 10_000;

export function createSetNotes(parts: {
  readonly store: Pick<Store, "noteTold">;
  readonly clock: Clock;
  /** Where the dashboard is: there a person revokes. */
  readonly publicUrl: string;
}): SetNotes {
  const { store, clock } = parts;
  const dashboard = `${parts.publicUrl.replace(/\/+$/, "")}/`;
  const told = new Set<string>();

  function remember(key: string): void {
    told.add(key);
    const [oldest] = told;
    if (told.size > MAX_REMEMBERED && oldest !== undefined) {
      told.delete(oldest);
    }
  }

  return {
    addTo(response, exchange, untold, serverName) {
      const { credentialId, version } = untold;
      const key = `${credentialId}/${version}`;
      if (exchange.message.method !== "tools/call" || told.has(key) || !isWhole(response.message)) {
        return response;
      }
      const text = noteText(untold, serverName, clock.now(), dashboard);
      const withNote = withBlock(response, { type: "text", text });
      if (withNote === null) {
        return response;
      }
      remember(key);
      exchange.afterwards(() => store.noteTold(credentialId, version));
      return withNote;
    },
  };
}

function noteText({ setAt, setFrom }: Untold, serverName: string, now: number, dashboard: string): string {
  const places = [setFrom.client, setFrom.address].filter((place) => place !== null);
  const from = places.length === 0 ? "" : ` from ${places.join(", ")}`;
  const what = `Keyward: your key for ${serverName} was set ${agoText(now - setAt)}${from}.`;
  return `${what} If that was not you, revoke it at ${dashboard}`;
}

/** Whether it is a tool result that is whole and no failure. */
function isWhole({ result }: JsonObject): boolean {
  return isJsonObject(result) && result["isError"] !== true && (result["resultType"] ?? "complete") === "complete";
}

/**
 * As text it is put in place, so that everything else of the response stays byte for byte the server's.
 * @returns null when there is no place for it
 */
function withBlock(response: ServerMessage, block: JsonObject): ServerMessage | null {
  const { text, message } = response;
  const result = isJsonObject(message["result"]) ? message["result"] : {};
  const content = result["content"];
  const resultSpan = memberSpans(text).members.get("result");
  const span = resultSpan === undefined ? undefined : memberSpans(text, resultSpan.start).members.get("content");
  if (!Array.isArray(content) || span === undefined) {
    return null;
  }
  const last = span.end - 1;
  const added = `${content.length === 0 ? "" : ","}${JSON.stringify(block)}`;
  return {
    ...response,
    text: text.slice(0, last) + added + text.slice(last),
    message: { ...message, result: { ...result, content: [...(content as readonly JsonValue[]), block] } },
  };
}
