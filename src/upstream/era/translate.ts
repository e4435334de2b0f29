import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { memberSpans, memberText, withMember } from "../../core/json-text.ts";
import type { ClientMessage } from "../../core/ports.ts";
import type { Connection } from "./connection.ts";
import { ENVELOPE, RESERVED_META } from "./frame.ts";

/** A message as it goes on the wire, and how what comes back becomes the client's again. */
export interface Outgoing {
  /** JSON text of the whole message. */
  readonly text: string;
  /** What the response's id will be; null where the client's own goes on. */
  readonly id: number | null;
  /** Gives a message of the server the client's id or progress token. */
  readonly restore: (text: string, message: JsonObject, isResponse: boolean) => string;
}

/** Bodies of an own session go on byte by byte: the client's ids are unique in it. */
export function asItIs({ text }: ClientMessage): Outgoing {
  return { text, id: null, restore: (received) => received };
}

/**
 * A message for a server or session that others use too: with an id of Keyward's own, so that equal ids of two clients
 * never cross (CVE-2026-25536), with a progress token of its own in a shared session, and in the era of the connection.
 */
export function translated(message: ClientMessage, connection: Connection, nextId: () => number): Outgoing {
  const id = message.kind === "request" ? nextId() : null;
  const withId = id === null ? message.text : withMember(message.text, memberSpans(message.text), "id", String(id));
  const meta = message.params["_meta"];
  const before = isJsonObject(meta) ? meta : {};
  const token = connection.sessionId === null || id === null ? undefined : before["progressToken"];
  const tokenId = token === undefined ? null : nextId();
  const after = metaFor(connection, message, tokenId === null ? before : { ...before, progressToken: tokenId });
  const text = after === before ? withId : withMeta(withId, after);
  return {
    text,
    id,
    restore(received, parsed, isResponse) {
      const restored = id === null ? received : withClientId(received, id, message.idText ?? "null", isResponse);
      const isTheirs = token === undefined || tokenId === null || isResponse;
      return isTheirs ? restored : withClientToken(restored, parsed, tokenId, JSON.stringify(token));
    },
  };
}

/** @returns the very same object when nothing has to change */
function metaFor({ era }: Connection, message: ClientMessage, meta: JsonObject): JsonObject {
  if (era === message.era || message.kind === "response") {
    return meta;
  }
  const plain = Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith(RESERVED_META)));
  return era === "modern" ? { ...plain, ...ENVELOPE } : plain;
}

function withMeta(text: string, meta: JsonObject): string {
  const spans = memberSpans(text);
  const params = memberText(text, spans, "params") ?? "{}";
  const isEmpty = Object.keys(meta).length === 0;
  const paramSpans = memberSpans(params);
  if (isEmpty && !paramSpans.members.has("_meta")) {
    return text;
  }
  return withMember(text, spans, "params", withMember(params, paramSpans, "_meta", JSON.stringify(meta)));
}

/**
 * Keyward's ids are long and occur once, so they are found without parsing the text again. Besides the response, a
 * message may name the request in `requestId` or in the subscription id of `_meta`.
 */
function withClientId(text: string, id: number, clientId: string, isResponse: boolean): string {
  const digits = String(id);
  const at = text.indexOf(digits);
  if (at === -1) {
    return text;
  }
  if (isResponse && /"id"\s*:\s*$/.test(text.slice(Math.max(0, at - 16), at))) {
    return text.slice(0, at) + clientId + text.slice(at + digits.length);
  }
  return text.replaceAll(new RegExp(`(:\\s*)${digits}(?=\\s*[,}\\]])`, "g"), (_, colon: string) => colon + clientId);
}

function withClientToken(text: string, { method, params }: JsonObject, token: number, clientToken: string): string {
  const isOurs = method === "notifications/progress" && isJsonObject(params) && params["progressToken"] === token;
  if (!isOurs) {
    return text;
  }
  const spans = memberSpans(text);
  const before = memberText(text, spans, "params") ?? "{}";
  return withMember(text, spans, "params", withMember(before, memberSpans(before), "progressToken", clientToken));
}
