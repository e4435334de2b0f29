import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CallHeaders, Clock, McpMessage, Random, UpstreamFailureCode, VerifyOutcome } from "../core/ports.ts";
import { type Discovered, type ListKind, parseUpstreamUrl, type ProtocolEra, type Server } from "../core/server.ts";
import type { RefusableStep } from "../core/verification.ts";
import { wrongValues } from "./control-value.ts";
import { SHARED_PEER } from "../core/peer.ts";
import type { Connection } from "./era/connection.ts";
import { negotiate } from "./era/negotiate.ts";
import { cleanHello, cleanServerInfo, cleanText } from "./clean.ts";
import { askForList, type Asked, cleanItems } from "./list.ts";
import { createScrubber } from "./scrub.ts";
import { type ControlResult, stepsOf } from "./verify-steps.ts";
import { createWire, failureOfStatus, type Reply, type Wire, type WireParts, type WireTarget } from "./wire.ts";

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
  | { readonly kind: "rejected"; readonly step: RefusableStep }
  | {
      readonly kind: "unknown";
      readonly step: RefusableStep;
      readonly code: UpstreamFailureCode;
      readonly cause: string | null;
    };

export interface Verification {
  readonly outcome: VerifyOutcome;
  /** Injected values that were found in tool definitions and taken out. */
  readonly scrubbed: number;
  /** Tool definitions that could not be used. */
  readonly omitted: number;
  /** The name of what made the outcome unknown. */
  readonly cause: string | null;
}

/** For all lists besides that of tools: nobody's key depends on them, so a slow one must not cost the verification. */
const OTHER_LISTS_MS = 3_000;

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
  const control = await controlOf(trial, parts, server, call, signal);
  const steps = stepsOf(trial, server, control);
  switch (trial.kind) {
    case "rejected":
      return { outcome: { kind: "rejected", step: trial.step, steps }, scrubbed: 0, omitted: 0, cause: null };
    case "unknown":
      return { outcome: { kind: "unknown", code: trial.code, steps }, scrubbed: 0, omitted: 0, cause: trial.cause };
    case "accepted": {
      const { discovered, scrubbed, omitted } = trial;
      const strength = control === "refused" ? "proven" : "accepted";
      return { outcome: { kind: "accepted", strength, discovered, steps }, scrubbed, omitted, cause: null };
    }
  }
}

function isControllable({ authType, verification }: Server, { userHeaders }: CallHeaders): boolean {
  return authType === "per_user_headers" && userHeaders.size > 0 && verification.hasNegativeControl;
}

async function controlOf(
  trial: Trial,
  parts: VerifyParts,
  server: Server,
  call: CallHeaders,
  signal: AbortSignal,
): Promise<ControlResult> {
  if (trial.kind !== "accepted" || !isControllable(server, call)) {
    return "skipped";
  }
  const wrong = { ...call, userHeaders: wrongValues(call, parts.random) };
  const control = await tryValues(parts, server, wrong, trial.discovered.era, signal);
  return control.kind === "rejected" ? "refused" : control.kind;
}

async function tryValues(
  parts: VerifyParts,
  server: Server,
  call: CallHeaders,
  known: ProtocolEra | null,
  signal: AbortSignal,
): Promise<Trial> {
  const target = { serverId: server.id, url: parseUpstreamUrl(server.url), call, signal };
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
    return { kind: "unknown", step: "connect", code: negotiated.code, cause: negotiated.cause };
  }
  const { connection, hello } = negotiated;
  try {
    const listed = await askForList("tools", asking(wire, connection));
    if (listed.kind !== "received") {
      return listed.kind === "malformed" ? notMcp("list_tools") : listed.failure;
    }
    const { items: tools, omitted } = cleanItems("tools", listed.received, connection.era);
    const failure = await probe(createWire(parts.wire, { ...target, tools }), connection, server);
    if (failure !== null) {
      return failure;
    }
    // A trial with wrong values is over here: what it could list is not the server's to show.
    const others = known === null ? await listOthers(parts, target, connection, hello) : NO_OTHERS;
    // These are stored in the clear and shown to everyone.
    const scrubber = createScrubber(call);
    const discovered = scrubber.scrub({ ...describe(connection, hello), tools, ...others });
    return { kind: "accepted", discovered: { ...discovered, at: parts.clock.now() }, scrubbed: scrubber.hits, omitted };
  } finally {
    // The values are at hand only now, and no later call could use a session that no stored credential opened.
    if (connection.sessionId !== null && !signal.aborted) {
      await wire.end(connection);
    }
  }
}

function describe(connection: Connection, hello: JsonObject) {
  const { era, protocolVersion, sessionId } = connection;
  const { instructions, capabilities } = hello;
  return {
    era,
    protocolVersion: protocolVersion ?? "",
    isStateful: sessionId !== null,
    serverInfo: cleanServerInfo(hello, era),
    instructions: typeof instructions === "string" ? cleanText(instructions) : null,
    capabilities: cleanHello(capabilities) ?? {},
  };
}

function asking(wire: Wire, connection: Connection): (message: McpMessage) => Promise<Asked<Failure>> {
  return async (message) => {
    const reply = await wire.ask(connection, message);
    return reply.kind === "answered" ? reply : { kind: "unanswered", failure: failureOf(reply, "list_tools") };
  };
}

type Others = Pick<Discovered, "prompts" | "resources" | "resourceTemplates">;

const NO_OTHERS: Others = { prompts: [], resources: [], resourceTemplates: [] };

/** Lists what the server declares to have. Whatever goes wrong, the list is empty and the values are none the worse. */
async function listOthers(
  { wire: wireParts, clock }: VerifyParts,
  target: Omit<WireTarget, "tools">,
  connection: Connection,
  { capabilities }: JsonObject,
): Promise<Others> {
  const declared = isJsonObject(capabilities) ? capabilities : {};
  const budget = new AbortController();
  const cancel = clock.schedule(OTHER_LISTS_MS, () => budget.abort());
  const signal = AbortSignal.any([target.signal, budget.signal]);
  const ask = asking(createWire(wireParts, { ...target, signal, tools: [] }), connection);
  const list = async (kind: ListKind, capability: string): Promise<readonly JsonObject[]> => {
    const listed = capability in declared ? await askForList(kind, ask) : null;
    return listed?.kind === "received" ? cleanItems(kind, listed.received, connection.era).items : [];
  };
  try {
    const [prompts, resources, resourceTemplates] = await Promise.all([
      list("prompts", "prompts"),
      list("resources", "resources"),
      list("resourceTemplates", "resources"),
    ]);
    return { prompts, resources, resourceTemplates };
  } finally {
    cancel();
  }
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
    return notMcp("probe_tool");
  }
  return reply.response.result["isError"] === true ? { kind: "rejected", step: "probe_tool" } : null;
}

function notMcp(step: RefusableStep): Failure {
  return { kind: "unknown", step, code: "upstream_protocol", cause: null };
}

function failureOf(reply: Exclude<Reply, { kind: "answered" }>, step: RefusableStep): Failure {
  switch (reply.kind) {
    case "refused":
      return { kind: "rejected", step };
    case "unanswered":
      return { kind: "unknown", step, code: failureOfStatus(reply.status), cause: `HTTP_${reply.status}` };
    case "failed":
      return { kind: "unknown", step, code: reply.code, cause: reply.cause };
  }
}
