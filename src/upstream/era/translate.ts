import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { memberSpans, memberText, withMember, withoutMember } from "../../core/json-text.ts";
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
  const isAlone = connection.sessionId === null || id === null;
  const token = isAlone || !isJsonObject(meta) ? undefined : meta["progressToken"];
  const tokenId = token === undefined ? null : nextId();
  const isForeign = connection.era !== message.era && message.kind !== "response";
  const text =
    isForeign || tokenId !== null
      ? withMeta(withId, (before) => {
          const after = isForeign ? inEra(before, connection) : before;
          return tokenId === null ? after : withMember(after, memberSpans(after), "progressToken", String(tokenId));
        })
      : withId;
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

/** `_meta` without the envelope of the client's revision, and with that of the server's. */
function inEra(meta: string, { era }: Connection): string {
  const reserved = [...memberSpans(meta).members.keys()].filter((name) => name.startsWith(RESERVED_META));
  const plain = reserved.reduce(withoutMember, meta);
  const envelope = era === "modern" ? Object.entries(ENVELOPE) : [];
  return envelope.reduce(
    (text, [name, value]) => withMember(text, memberSpans(text), name, JSON.stringify(value)),
    plain,
  );
}

function withMeta(text: string, edit: (meta: string) => string): string {
  const spans = memberSpans(text);
  const params = memberText(text, spans, "params") ?? "{}";
  const paramSpans = memberSpans(params);
  const before = memberText(params, paramSpans, "_meta");
  const after = edit(before?.startsWith("{") === true ? before : "{}");
  return before === null && after === "{}"
    ? text
    : withMember(text, spans, "params", withMember(params, paramSpans, "_meta", after));
}

/** Besides the response, a message may name its request in `requestId` or in the subscription id of `_meta`. */
function withClientId(text: string, id: number, clientId: string, isResponse: boolean): string {
  const digits = String(id);
  const restored = isResponse ? withResponseId(text, digits, clientId) : text;
  // Keyward's ids are long: where the digits are not, nothing names the request.
  if (!restored.includes(digits)) {
    return restored;
  }
  const parent = isResponse ? "result" : "params";
  return [[parent, "_meta", SUBSCRIPTION_ID], ...(isResponse ? [] : [[parent, "requestId"]])].reduce(
    (edited, path) => withValueAt(edited, path, digits, clientId),
    restored,
  );
}

const SUBSCRIPTION_ID = `${RESERVED_META}subscriptionId`;
const HEAD = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)(?=\s*[,}])/;
const TAIL = /,\s*"id"\s*:\s*(\d+)(\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*)$/;
const TAIL_LENGTH = 128;

/**
 * Servers write the id first or last, where it is found without a walk through the whole text. Anywhere else the same
 * number may be a value of the result: some tools repeat their request.
 */
function withResponseId(text: string, digits: string, clientId: string): string {
  const head = HEAD.exec(text);
  if (head?.[1] === digits) {
    const end = head[0].length;
    return text.slice(0, end - digits.length) + clientId + text.slice(end);
  }
  const tail = TAIL.exec(text.slice(-TAIL_LENGTH));
  if (tail?.[1] === digits) {
    const end = text.length - (tail[2] ?? "").length;
    return text.slice(0, end - digits.length) + clientId + text.slice(end);
  }
  return withMember(text, memberSpans(text), "id", clientId);
}

/** Replaces a value if it is this one. */
function withValueAt(text: string, path: readonly string[], digits: string, value: string): string {
  const [name = "", ...deeper] = path;
  const spans = memberSpans(text);
  const before = memberText(text, spans, name);
  if (deeper.length === 0) {
    return before === digits ? withMember(text, spans, name, value) : text;
  }
  return before?.startsWith("{") === true
    ? withMember(text, spans, name, withValueAt(before, deeper, digits, value))
    : text;
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
