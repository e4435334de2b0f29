import type { AuthRequiredIssuer } from "../../core/auth-required.ts";
import type { Completions } from "../../core/completions.ts";
import { isKeywardError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { memberSpans, memberText, withMember, withoutMember } from "../../core/json-text.ts";
import type { Clock } from "../../core/ports.ts";
import { parseRequestedBy } from "../../core/requested-by.ts";
import type { AuthRequiredReason, Resolution } from "../../core/resolver.ts";
import type { Server } from "../../core/server.ts";
import type { Target } from "../call/forward.ts";
import type { Exchange } from "../exchange.ts";
import { resultOf, type RpcAnswer } from "../jsonrpc.ts";
import { failureFor } from "../result.ts";
import { unknownFor } from "../unknown.ts";
import type { Elicitations } from "./elicitations.ts";
import type { PendingAsks } from "./pending-asks.ts";
import type { RequestStates } from "./request-state.ts";
import { authRequiredError, authRequiredResult, type Missing } from "./text-result.ts";
import { canOpenUrls, inputRequiredResult, urlElicitationError } from "./url-elicitation.ts";

/** A call that comes back after its client was asked to open a link. */
interface Retry {
  /** What was called, without the answers to what Keyward asked. */
  readonly target: Target;
  /** Whether it was made for this call of this caller, and not too long ago: only then is there something to wait for. */
  readonly isCurrent: boolean;
  /** Whether the person has declined: then nobody will fill in the form. */
  readonly isDeclined: boolean;
}

/** How a caller without usable values is told, by what its client can do. */
export interface Ladder {
  /** The best that the client can do: open the link itself, or show it. */
  ask(exchange: Exchange, target: Target, reason: AuthRequiredReason): Promise<RpcAnswer>;
  /** The link as text, which reaches every client. */
  tell(exchange: Exchange, target: Target, reason: AuthRequiredReason): Promise<RpcAnswer>;
  /** @returns null for a first call, and for one whose state is the server's own */
  readRetry(exchange: Exchange, target: Target): Retry | null;
  /**
   * Holds a retried call until values are stored, or for 50 s. `accept` from a client proves nothing but that the link
   * was opened (abuse case A50): the store is what is believed.
   */
  hold(exchange: Exchange, server: Server, retry: Retry, resolve: () => Promise<Resolution>): Promise<Resolution>;
}

export interface LadderParts {
  readonly issuer: AuthRequiredIssuer;
  readonly requestStates: RequestStates;
  readonly completions: Pick<Completions, "wait" | "ready">;
  readonly elicitations: Elicitations;
  readonly pending: PendingAsks;
  readonly clock: Clock;
  /** Aborts when the process is about to stop: nobody is held longer. */
  readonly closing: AbortSignal;
}

/** Shorter than the minute after which most clients give up. */
const HOLD_MS = 50_000;
/** Where 2026-07-28 lets a server ask for input. */
const MAY_ASK: ReadonlySet<string> = new Set(["tools/call", "prompts/get", "resources/read"]);
const URL_ELICITATION_REVISION = "2025-11-25";

export function createLadder(parts: LadderParts): Ladder {
  const { issuer, requestStates, completions, elicitations, pending, clock, closing } = parts;

  /** The link of this call, and of what else the caller has asked for and still lacks. */
  async function issue(
    { caller, client, requestId, address }: Exchange,
    server: Server,
    reason: AuthRequiredReason,
  ): Promise<Missing> {
    const required = await issuer.issue({
      identity: caller.identity,
      server,
      reason,
      requestedBy: parseRequestedBy({ clientName: client.name, clientVersion: client.version, address }),
      origin: { requestId, address },
    });
    return pending.add(caller.identity, required);
  }

  /** What keeps a link from being made is told in the caller's terms. */
  async function withLinks(
    exchange: Exchange,
    target: Target,
    reason: AuthRequiredReason,
    show: (missing: Missing) => RpcAnswer,
  ): Promise<RpcAnswer> {
    const { method } = exchange.message;
    try {
      return show(await issue(exchange, target.access.server, reason));
    } catch (error) {
      if (isKeywardError(error, "access_denied")) {
        return unknownFor(method, exchange.client.era);
      }
      if (isKeywardError(error, "rate_limited")) {
        return failureFor(method, error.code, error.message);
      }
      throw error;
    }
  }

  function asInputRequired({ caller, message }: Exchange, missing: Missing): RpcAnswer {
    const { method, params } = message;
    const bindings = missing.map(({ serverId, flowId }) => ({ serverId, flowId }));
    const state = requestStates.issue({ identity: caller.identity, method, params }, { bindings, round: 1 });
    return resultOf(inputRequiredResult(missing, state));
  }

  return {
    async ask(exchange, target, reason) {
      const { client, message, session } = exchange;
      if (message.method === "completion/complete") {
        // Asked for with every key that is typed: that is no moment for a link.
        return resultOf({ completion: { values: [] } });
      }
      const opensUrls = canOpenUrls(client.capabilities);
      return withLinks(exchange, target, reason, (missing) => {
        if (client.era === "modern" && opensUrls && MAY_ASK.has(message.method)) {
          return asInputRequired(exchange, missing);
        }
        const isTold = opensUrls && client.revision === URL_ELICITATION_REVISION && session !== null;
        return isTold && elicitations.expect(session, exchange.caller.identity, missing)
          ? urlElicitationError(missing)
          : asText(exchange, target, missing);
      });
    },

    tell: (exchange, target, reason) =>
      withLinks(exchange, target, reason, (missing) => asText(exchange, target, missing)),

    readRetry({ caller, client, message }, target) {
      const { method, params } = message;
      const { requestState, inputResponses } = params;
      if (client.era !== "modern" || typeof requestState !== "string" || !MAY_ASK.has(method)) {
        return null;
      }
      const isCurrent = requestStates.read({ identity: caller.identity, method, params }, requestState) !== null;
      if (!isCurrent && !requestStates.isOwn(requestState)) {
        return null;
      }
      const responses = isJsonObject(inputResponses) ? Object.values(inputResponses) : [];
      const isDeclined = responses.some((response) => isJsonObject(response) && response["action"] !== "accept");
      return { target: withoutAnswers(target), isCurrent, isDeclined };
    },

    async hold(exchange, server, { isDeclined }, resolve) {
      if (isDeclined) {
        return resolve();
      }
      exchange.channel.hold();
      const leaving = new AbortController();
      const leave = (): void => leaving.abort();
      const ends = [exchange.signal, closing];
      if (ends.some(({ aborted }) => aborted)) leave();
      ends.forEach((signal) => signal.addEventListener("abort", leave));
      const binding = { identity: exchange.caller.identity, serverId: server.id };
      // It listens before the store is asked: what is announced in between is not lost.
      const stored = completions.wait(binding, { signal: leaving.signal, timeoutMs: HOLD_MS }, clock);
      try {
        const canWait = await completions.ready().then(
          () => true,
          () => false,
        );
        const now = await resolve();
        if (now.kind !== "auth_required" || !canWait) {
          return now;
        }
        await stored;
        return await resolve();
      } finally {
        ends.forEach((signal) => signal.removeEventListener("abort", leave));
        leave();
      }
    },
  };
}

function asText({ message }: Exchange, { definition }: Target, missing: Missing): RpcAnswer {
  return message.method === "tools/call"
    ? resultOf(authRequiredResult(missing, definition))
    : authRequiredError(missing);
}

/** What was answered to Keyward is not the server's to see. */
function withoutAnswers(target: Target): Target {
  const { requestState: _state, inputResponses: _responses, ...params } = target.params;
  const spans = memberSpans(target.text);
  const before = memberText(target.text, spans, "params") ?? "{}";
  const after = withoutMember(withoutMember(before, "requestState"), "inputResponses");
  return { ...target, params, text: withMember(target.text, spans, "params", after) };
}
