import type { Actor, RequestOrigin } from "./audit.ts";
import type { Admins } from "./admins.ts";
import type { Callers } from "./callers.ts";
import { KeywardError } from "./errors.ts";
import { isSameIdentity, type Identity } from "./identity.ts";
import type { FlowStore, SubmissionFlow } from "./store-port.ts";
import type { RequestedRoute, TempTokenService } from "./temp-token.ts";

/** What the person who opened a link presents, as the request carried it. */
export type OpenerProof =
  | { readonly kind: "none" }
  | { readonly kind: "temp_token"; readonly text: string }
  | { readonly kind: "virtual_key"; readonly text: string }
  | { readonly kind: "session"; readonly text: string }
  | { readonly kind: "admin"; readonly text: string };

/** Somebody who may see and fill this flow. */
export interface Opener {
  readonly flowId: string;
  readonly proof: Exclude<OpenerProof["kind"], "none">;
  readonly actor: Actor;
  /** Whose flow it must be; null = any that is not a user's. */
  readonly identity: Identity | null;
}

/** So many wrong keys lock a flow; the next tool call makes a new one. */
const MAX_OPENER_MISMATCHES = 10;

export interface Openers {
  /**
   * Decides who may open a link, at every request anew: the table of `identity.md`. Whoever may not gets the answer of
   * an unknown flow, so that an id tells nothing (promise P6).
   * @throws KeywardError `opener_unknown` when nothing was presented, `flow_not_found` otherwise
   */
  prove(flowId: string, proof: OpenerProof, route: RequestedRoute, origin: RequestOrigin): Promise<Opener>;
}

export function createOpeners(parts: {
  readonly store: Pick<FlowStore, "findFlow" | "findCompletedFlow" | "countOpenerMismatch">;
  readonly tempTokens: TempTokenService;
  readonly callers: Callers;
  readonly admins: Pick<Admins, "byToken">;
}): Openers {
  const { store, tempTokens, callers, admins } = parts;

  async function proveIdentity(flowId: string, identity: Identity | null, origin: RequestOrigin): Promise<Identity> {
    const flow: Pick<SubmissionFlow, "identity" | "serverId"> | null =
      (await store.findFlow(flowId)) ?? (await store.findCompletedFlow(flowId));
    if (flow === null) {
      throw new KeywardError("flow_not_found");
    }
    // A user's flow is opened by that user's sign-in, never by a key that acts as the user.
    if (identity !== null && flow.identity.mode !== "user" && isSameIdentity(flow.identity, identity)) {
      return identity;
    }
    await store.countOpenerMismatch(flowId, MAX_OPENER_MISMATCHES, {
      ...origin,
      actor: identity === null ? { kind: "link", flowId } : { kind: "identity", identity },
      action: "flow.opener_mismatch",
      outcome: "refused",
      serverId: flow.serverId,
      identity: flow.identity,
    });
    throw new KeywardError("flow_not_found");
  }

  return {
    async prove(flowId, proof, route, origin) {
      switch (proof.kind) {
        case "none":
          throw new KeywardError("opener_unknown");
        case "temp_token": {
          if ((await tempTokens.flowIdFor(proof.text, route)) !== flowId) {
            throw new KeywardError("flow_not_found");
          }
          return { flowId, proof: proof.kind, actor: { kind: "link", flowId }, identity: null };
        }
        case "admin": {
          const admin = await admins.byToken(proof.text);
          if (admin === null) {
            throw new KeywardError("flow_not_found");
          }
          return { flowId, proof: proof.kind, actor: { kind: "admin", id: admin.id }, identity: null };
        }
        case "virtual_key":
        case "session": {
          const caller =
            proof.kind === "session" ? callers.bySession(proof.text) : await callers.byVirtualKey(proof.text);
          const identity = await proveIdentity(flowId, caller?.identity ?? null, origin);
          return { flowId, proof: proof.kind, actor: { kind: "identity", identity }, identity };
        }
      }
    },
  };
}
