/*
 * What is sent and what has to come back. An answer names the identity and the number of its call, so that one that was
 * mixed up with another is noticed; and the upstream gives it only for the key of that identity.
 */

/** The header that the bench's upstream wants. */
export const KEY_HEADER = "x-api-key";

const KEY_PREFIX = "bench-upstream-key-of-";

/** Characters of filler in an answer: about what a small tool answers. */
const FILLER = "All work and no play makes Jack a dull boy, and a gateway a slow one. ".repeat(15).slice(0, 1_000);

export function expectedKey(who: string): string {
  return `${KEY_PREFIX}${who}`;
}

export function isBenchKey(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(KEY_PREFIX);
}

export function answerText(who: string, n: number): string {
  return `${who} ${n} ${FILLER}`;
}

export type Era = "legacy" | "modern";

/** One HTTP request. */
export interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** JSON-RPC id that the answer has to carry. */
  readonly id: number;
  /** Text that the answer has to carry. */
  readonly text: string;
}

/** A client that calls one tool over and over. */
export interface Caller {
  readonly era: Era;
  /** The identity that the upstream has to see. */
  readonly who: string;
  readonly tool: string;
  /** Beside what the era asks for: the caller's own key, its session. */
  readonly headers: Readonly<Record<string, string>>;
}

const MODERN_META = JSON.stringify({
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
});

export const COMMON_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "user-agent": "bench/1",
};

/** @returns makes the call with a number, which is also its id */
export function callsOf({ era, who, tool, headers }: Caller): (n: number) => Call {
  const isModern = era === "modern";
  const all = {
    ...COMMON_HEADERS,
    "mcp-protocol-version": isModern ? "2026-07-28" : "2025-11-25",
    ...(isModern ? { "mcp-method": "tools/call", "mcp-name": tool } : {}),
    ...headers,
  };
  const meta = isModern ? `,"_meta":${MODERN_META}` : "";
  return (n) => ({
    headers: all,
    body: `{"jsonrpc":"2.0","id":${n},"method":"tools/call","params":{"name":"${tool}","arguments":{"who":"${who}","n":${n}}${meta}}}`,
    id: n,
    text: answerText(who, n),
  });
}

/** @returns what is wrong with an answer; null when it is right */
export function faultOf(call: Call, status: number, contentType: string, body: string): string | null {
  if (status !== 200) {
    return `HTTP ${status}: ${body.slice(0, 300)}`;
  }
  const { id, result } = parseAnswer(contentType, body);
  const isRight = id === call.id && result?.isError !== true && result?.content?.[0]?.text === call.text;
  return isRight ? null : `a wrong answer to call ${call.id}: ${body.slice(0, 300)}`;
}

interface ToolAnswer {
  readonly id?: number;
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text?: string }[] };
}

function parseAnswer(contentType: string, body: string): ToolAnswer {
  const json = contentType.startsWith("text/event-stream")
    ? (body
        .split("\n")
        .findLast((line) => line.startsWith("data:"))
        ?.slice(5) ?? "{}")
    : body;
  return JSON.parse(json) as ToolAnswer;
}
