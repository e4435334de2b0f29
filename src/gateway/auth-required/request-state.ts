import { canonicalJson } from "../../core/canonical-json.ts";
import { type Identity, identityKey } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Clock, Vault } from "../../core/ports.ts";
import { fingerprint, mintSealedText, openSealedText } from "../../core/sealed-text.ts";

/** A link that was sent, and what it is for. */
interface AskedBinding {
  readonly serverId: string;
  readonly flowId: string;
}

/** What a retry goes on from. */
interface RequestState {
  readonly bindings: readonly AskedBinding[];
  /** How often the request has been asked for keys, this time included. */
  readonly round: number;
}

/** The request that a state belongs to. */
interface StatedRequest {
  readonly identity: Identity;
  readonly method: string;
  readonly params: JsonObject;
}

/**
 * `requestState` of an answer that asks for keys (2026-07-28, multi round-trip requests). The client hands it back with
 * the retry, and may hand back anything: it opens only for the same identity, method and parameters, for 10 minutes. It
 * says what was asked and never that it was done; that is in the store (abuse case A50).
 */
export interface RequestStates {
  issue(request: StatedRequest, state: RequestState): string;
  /** @returns null for whatever is not a state of this very request (abuse case A49) */
  read(request: StatedRequest, text: string): RequestState | null;
  /** Whether a text was made here, for whomever and whatever: then it is no server's, and none is to see it. */
  isOwn(text: string): boolean;
}

export const REQUEST_STATE_TTL_MS = 10 * 60_000;

/** A request that lacks more keys asks for these first; sealed text has a limit. */
export const MAX_ASKED_BINDINGS = 20;

const PURPOSE = "request_state";

/** What is sealed. Text that opens was minted here, so it has this shape. */
type SealedState = {
  readonly owner: string;
  readonly request: string;
  readonly expiresAt: number;
  readonly round: number;
  readonly asked: readonly (readonly [serverId: string, flowId: string])[];
};

// What differs between a request and its retry.
const NOT_COMPARED: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);

export function createRequestStates(parts: {
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
}): RequestStates {
  const { vault, clock } = parts;

  function ownerOf({ identity }: StatedRequest): string {
    return fingerprint(PURPOSE, "identity", identityKey(identity), vault);
  }

  function digestOf({ method, params }: StatedRequest): string {
    const compared = Object.entries(params).filter(([name]) => !NOT_COMPARED.has(name));
    return fingerprint(PURPOSE, "request", canonicalJson([method, Object.fromEntries(compared)]), vault);
  }

  return {
    issue(request, { bindings, round }) {
      const payload: SealedState = {
        owner: ownerOf(request),
        request: digestOf(request),
        expiresAt: clock.now() + REQUEST_STATE_TTL_MS,
        round,
        asked: bindings.slice(0, MAX_ASKED_BINDINGS).map(({ serverId, flowId }) => [serverId, flowId]),
      };
      return mintSealedText(PURPOSE, payload, vault);
    },

    read(request, text) {
      const payload = openSealedText(PURPOSE, text, vault) as SealedState | null;
      if (payload === null || payload.owner !== ownerOf(request) || payload.request !== digestOf(request)) {
        return null;
      }
      if (clock.now() >= payload.expiresAt) {
        return null;
      }
      return { bindings: payload.asked.map(([serverId, flowId]) => ({ serverId, flowId })), round: payload.round };
    },

    isOwn: (text) => openSealedText(PURPOSE, text, vault) !== null,
  };
}
