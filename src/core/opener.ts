import type { Actor, AuditEntry, RequestOrigin } from "./audit.ts";
import type { Admins } from "./admins.ts";
import type { Callers } from "./callers.ts";
import { KeywardError } from "./errors.ts";
import { isSameIdentity, type Identity } from "./identity.ts";
import type { Clock } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { AuditStore } from "./audit-port.ts";
import type { FlowStore, SubmissionFlow } from "./flow-port.ts";
import type { VirtualKeyStore } from "./virtual-key-port.ts";
import type { RequestedRoute, TempTokenService } from "./temp-token.ts";
import { actorOfUser, type User } from "./user.ts";

/** What the person who opened a link presents, as the request carried it. */
export type OpenerProof =
  | { readonly kind: "none" }
  | { readonly kind: "temp_token"; readonly text: string }
  | { readonly kind: "virtual_key"; readonly text: string }
  | { readonly kind: "session"; readonly text: string }
  | { readonly kind: "admin"; readonly text: string }
  /** Somebody who is signed in, proven already. */
  | { readonly kind: "user"; readonly user: User };

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

/**
 * Somebody who is signed in has no key to guess, so that opening a colleague's link locks nothing: else a link that was
 * shown to a whole team would be dead. What is bounded is only how often the log says it, for one person and flow.
 */
const FOREIGN_VISITS = { windowMs: 15 * 60_000, maxKeys: 10_000, limit: 10 } as const;

type FoundFlow = Pick<SubmissionFlow, "identity" | "serverId">;

export interface Openers {
  /**
   * Decides who may open a link, at every request anew: the table of `identity.md`. Whoever may not gets the answer of
   * an unknown flow, so that an id tells nothing (promise P6).
   * @throws KeywardError `opener_unknown` when nothing was presented, the same for every id; `flow_not_found` otherwise
   */
  prove(flowId: string, proof: OpenerProof, route: RequestedRoute, origin: RequestOrigin): Promise<Opener>;
}

export interface OpenerParts {
  readonly store: Pick<FlowStore, "findFlow" | "findCompletedFlow" | "countOpenerMismatch"> &
    Pick<VirtualKeyStore, "findVirtualKey"> &
    Pick<AuditStore, "appendAudit">;
  readonly tempTokens: TempTokenService;
  readonly callers: Callers;
  readonly admins: Pick<Admins, "byToken">;
  readonly clock: Clock;
}

export function createOpeners(parts: OpenerParts): Openers {
  const { store, tempTokens, callers, admins, clock } = parts;
  const foreignVisits = createRateLimit(clock, FOREIGN_VISITS);

  async function findAny(flowId: string): Promise<FoundFlow> {
    const flow = (await store.findFlow(flowId)) ?? (await store.findCompletedFlow(flowId));
    if (flow === null) {
      throw new KeywardError("flow_not_found");
    }
    return flow;
  }

  async function proveIdentity(flowId: string, identity: Identity | null, origin: RequestOrigin): Promise<Identity> {
    const flow = await findAny(flowId);
    // A user's flow is opened by that user's sign-in, never by a key that acts as the user.
    if (identity !== null && flow.identity.mode !== "user" && isSameIdentity(flow.identity, identity)) {
      return identity;
    }
    const actor: Actor = identity === null ? { kind: "link", flowId } : { kind: "identity", identity };
    await store.countOpenerMismatch(flowId, MAX_OPENER_MISMATCHES, mismatch(flow, actor, origin));
    throw new KeywardError("flow_not_found");
  }

  async function isForUser({ identity }: FoundFlow, user: User): Promise<boolean> {
    switch (identity.mode) {
      case "user":
        // An administrator too opens no other user's link: values given there would be used in that user's name.
        return identity.id === user.id;
      case "virtual_key":
        return user.role === "admin" || (await store.findVirtualKey(identity.id))?.createdBy === user.id;
      case "session":
        return false;
    }
  }

  async function proveUser(flowId: string, user: User, origin: RequestOrigin): Promise<Opener> {
    const flow = await findAny(flowId);
    const actor = actorOfUser(user);
    if (await isForUser(flow, user)) {
      return { flowId, proof: "user", actor, identity: flow.identity };
    }
    return refuseVisit(flowId, flow, actor, origin);
  }

  /** An admin token opens any link but a user's. */
  async function proveAdmin(flowId: string, actor: Actor & { kind: "admin" }, origin: RequestOrigin): Promise<Opener> {
    const flow = await findAny(flowId);
    return flow.identity.mode === "user"
      ? refuseVisit(flowId, flow, actor, origin)
      : { flowId, proof: "admin", actor, identity: null };
  }

  async function refuseVisit(flowId: string, flow: FoundFlow, actor: Actor, origin: RequestOrigin): Promise<never> {
    if (foreignVisits.take(`${flowId}/${JSON.stringify(actor)}`, FOREIGN_VISITS.limit)) {
      await store.appendAudit(mismatch(flow, actor, origin));
    }
    throw new KeywardError("flow_not_found");
  }

  return {
    async prove(flowId, proof, route, origin) {
      switch (proof.kind) {
        case "none":
          throw new KeywardError("opener_unknown", { details: { sign_in: true } });
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
          return proveAdmin(flowId, { kind: "admin", id: admin.id }, origin);
        }
        case "user":
          return proveUser(flowId, proof.user, origin);
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

function mismatch({ identity, serverId }: FoundFlow, actor: Actor, origin: RequestOrigin): AuditEntry {
  return { ...origin, actor, action: "flow.opener_mismatch", outcome: "refused", serverId, identity };
}
