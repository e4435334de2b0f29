import type { JsonObject, JsonValue } from "../core/json.ts";
import type { CallHeaders, Clock, Random, UpstreamFailureCode, VerifyOutcome, VerifyStep } from "../core/ports.ts";
import { type Discovered, parseUpstreamUrl, type ProtocolEra, type Server } from "../core/server.ts";
import { wrongValues } from "./control-value.ts";
import { type Connection, SHARED_PEER } from "./era/connection.ts";
import { negotiate } from "./era/negotiate.ts";
import { isJsonArray } from "./json-rpc.ts";
import { createScrubber } from "./scrub.ts";
import { cleanServerInfo, cleanText, cleanTools, MAX_TOOLS } from "./tools.ts";
import { createWire, failureOfStatus, type Reply, type Wire, type WireParts } from "./wire.ts";

export interface VerifyParts {
  readonly wire: WireParts;
  readonly clock: Clock;
  readonly random: Random;
}

/** What one set of values came to, and for the log what was noticed on the way. */
type Trial =
  | { readonly kind: "accepted"; readonly discovered: Discovered; readonly scrubbed: number; readonly omitted: number }
  | Failure;

type Failure =
  | { readonly kind: "rejected"; readonly step: VerifyStep }
  | { readonly kind: "unknown"; readonly code: UpstreamFailureCode; readonly cause: string | null };

export interface Verification {
  readonly outcome: VerifyOutcome;
  /** Injected values that were found in tool definitions and taken out. */
  readonly scrubbed: number;
  /** Tool definitions that could not be used. */
  readonly omitted: number;
  /** The name of what made the outcome unknown. */
  readonly cause: string | null;
}

const MAX_PAGES = 100;
const METHOD_NOT_FOUND = -32_601;

/**
 * Tries the values, and then wrong ones: only a server that refuses the wrong ones has said anything about the right
 * ones. The era is found out anew each time, so that a server's upgrade is noticed.
 *
 * @param signal ends it; what is not known by then is `unknown`, or `accepted` when only the control was left
 * @throws KeywardError as `injectHeaders` does, and `upstream_url_invalid`
 */
export async function verifyServer(
  parts: VerifyParts,
  server: Server,
  call: CallHeaders,
  signal: AbortSignal,
): Promise<Verification> {
  const trial = await tryValues(parts, server, call, null, signal);
  if (trial.kind === "rejected") {
    return { outcome: trial, scrubbed: 0, omitted: 0, cause: null };
  }
  if (trial.kind === "unknown") {
    const { kind, code, cause } = trial;
    return { outcome: { kind, code }, scrubbed: 0, omitted: 0, cause };
  }
  const { discovered, scrubbed, omitted } = trial;
  const isProven =
    isControllable(server, call) && (await isWrongValueRefused(parts, server, call, discovered.era, signal));
  const outcome = { kind: "accepted", strength: isProven ? "proven" : "accepted", discovered } as const;
  return { outcome, scrubbed, omitted, cause: null };
}

function isControllable({ authType, verification }: Server, { userHeaders }: CallHeaders): boolean {
  return authType === "per_user_headers" && userHeaders.size > 0 && verification.hasNegativeControl;
}

async function isWrongValueRefused(
  parts: VerifyParts,
  server: Server,
  call: CallHeaders,
  era: ProtocolEra,
  signal: AbortSignal,
): Promise<boolean> {
  const wrong = { ...call, userHeaders: wrongValues(call.userHeaders, parts.random) };
  return (await tryValues(parts, server, wrong, era, signal)).kind === "rejected";
}

async function tryValues(
  parts: VerifyParts,
  server: Server,
  call: CallHeaders,
  known: ProtocolEra | null,
  signal: AbortSignal,
): Promise<Trial> {
  const target = { url: parseUpstreamUrl(server.url), call, signal };
  const wire = createWire(parts.wire, { ...target, tools: [] });
  const negotiated = await negotiate(wire, {
    era: known ?? "modern",
    isKnown: known !== null,
    peer: SHARED_PEER,
    announces: true,
  });
  if (negotiated.kind === "refused") {
    return { kind: "rejected", step: "connect" };
  }
  if (negotiated.kind === "failed") {
    return { kind: "unknown", code: negotiated.code, cause: negotiated.cause };
  }
  const { connection, hello } = negotiated;
  try {
    const listed = await listTools(wire, connection);
    if (listed.kind !== "listed") {
      return listed;
    }
    const { tools, omitted } = cleanTools(listed.tools, connection.era);
    const failure = await probe(createWire(parts.wire, { ...target, tools }), connection, server);
    if (failure !== null) {
      return failure;
    }
    // These are stored in the clear and shown to everyone.
    const scrubber = createScrubber(call);
    const discovered = scrubber.scrub(describe(connection, hello, tools));
    return { kind: "accepted", discovered: { ...discovered, at: parts.clock.now() }, scrubbed: scrubber.hits, omitted };
  } finally {
    // The values are at hand only now, and no later call could use a session that no stored credential opened.
    if (connection.sessionId !== null && !signal.aborted) {
      await wire.end(connection);
    }
  }
}

function describe(connection: Connection, hello: JsonObject, tools: readonly JsonObject[]) {
  const { era, protocolVersion, sessionId } = connection;
  const instructions = hello["instructions"];
  return {
    tools,
    era,
    protocolVersion: protocolVersion ?? "",
    isStateful: sessionId !== null,
    serverInfo: cleanServerInfo(hello, era),
    instructions: typeof instructions === "string" ? cleanText(instructions) : null,
  };
}

async function listTools(
  wire: Wire,
  connection: Connection,
): Promise<{ readonly kind: "listed"; readonly tools: readonly JsonValue[] } | Failure> {
  const tools: JsonValue[] = [];
  const seen = new Set<JsonValue>();
  let cursor: JsonValue | undefined;
  for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page += 1) {
    const reply = await wire.ask(connection, { method: "tools/list", params: cursor === undefined ? {} : { cursor } });
    if (reply.kind !== "answered") {
      return failureOf(reply, "list_tools");
    }
    if (reply.response.kind === "error") {
      // A server of prompts or resources alone has no such method.
      return reply.response.error.code === METHOD_NOT_FOUND ? { kind: "listed", tools } : NOT_MCP;
    }
    const { tools: items, nextCursor } = reply.response.result;
    if (!isJsonArray(items)) {
      return NOT_MCP;
    }
    // Not spread: a body of 10 MB may hold more items than a call takes arguments.
    for (const item of items.slice(0, MAX_TOOLS - tools.length)) tools.push(item);
    // A cursor that comes again would go round for ever.
    if (typeof nextCursor !== "string" || seen.has(nextCursor)) break;
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  return { kind: "listed", tools };
}

/** @returns null when there is no probe tool, or it worked */
async function probe(wire: Wire, connection: Connection, { verification }: Server): Promise<Failure | null> {
  if (verification.probeTool === null) {
    return null;
  }
  const { name, arguments: args } = verification.probeTool;
  const reply = await wire.ask(connection, { method: "tools/call", params: { name, arguments: args } });
  if (reply.kind !== "answered") {
    return failureOf(reply, "probe_tool");
  }
  if (reply.response.kind === "error") {
    return NOT_MCP;
  }
  return reply.response.result["isError"] === true ? { kind: "rejected", step: "probe_tool" } : null;
}

const NOT_MCP: Failure = { kind: "unknown", code: "upstream_protocol", cause: null };

function failureOf(reply: Exclude<Reply, { kind: "answered" }>, step: VerifyStep): Failure {
  switch (reply.kind) {
    case "refused":
      return { kind: "rejected", step };
    case "unanswered":
      return { kind: "unknown", code: failureOfStatus(reply.status), cause: `HTTP_${reply.status}` };
    case "failed":
      return { kind: "unknown", code: reply.code, cause: reply.cause };
  }
}
