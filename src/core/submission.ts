import type { RequestOrigin } from "./audit.ts";
import type { Completions } from "./completions.ts";
import type { CredentialRecord, SealedCredential, VerificationStrength } from "./credential.ts";
import { KeywardError, isKeywardError } from "./errors.ts";
import { outdatedNames, plainNames, templatesOf } from "./header-schema.ts";
import { mergeHeaderValues, type HeaderValues } from "./header-values.ts";
import { isSameIdentity } from "./identity.ts";
import type { Opener } from "./opener.ts";
import type { Logger, Random, Upstream, Vault, VerifyOutcome } from "./ports.ts";
import { openCredential, openStaticHeaders, sealCredential } from "./seal-context.ts";
import type { Server } from "./server.ts";
import type { CredentialStore } from "./credential-port.ts";
import type { FlowStore, SubmissionFlow } from "./flow-port.ts";
import type { ServerStore } from "./server-port.ts";
import { mintId } from "./token.ts";
import { stepWords } from "./verification.ts";

/** Refused verifications per flow; the last one ends it. */
const MAX_SUBMISSION_ATTEMPTS = 5;

/** A claim left behind by a crash runs out after this. Longer than a verification may take (20 s). */
const CLAIM_LEASE_MS = 30_000;

/** What the connect page shows. Names only: no value, length or prefix of what is on file (promise P6). */
export interface FlowView {
  readonly flow: SubmissionFlow;
  readonly server: Server;
  /** What is on file for the binding, if anything. Names of values that may be kept are in `onFile`. */
  readonly credential: CredentialRecord | null;
  readonly onFile: readonly string[];
  /** Names of values that are on file but older than the format of their field: they have to be given again. */
  readonly outdated: readonly string[];
  readonly attemptsLeft: number;
}

export interface SubmissionResult {
  readonly credentialId: string;
  readonly version: number;
  readonly verification: VerificationStrength;
}

type SubmissionState = "pending" | "verifying" | "completed";

/** From where and with what somebody submits: told to whoever the values belong to. */
interface Submitter extends RequestOrigin {
  /** Words of a closed list, see `client-name.ts`. */
  readonly client: string | null;
}

/** claim -> verify -> commit | release. The network call lies between two short transactions, never inside one. */
export interface Submissions {
  /**
   * Notes in the audit log, the first time only, that the link has been opened; changes nothing else (abuse case A08).
   * @throws KeywardError `flow_not_found`
   */
  view(opener: Opener, origin: RequestOrigin): Promise<FlowView>;
  /** @throws KeywardError `flow_not_found` */
  state(opener: Opener): Promise<SubmissionState>;
  /**
   * Verifies typed values upstream and stores them. Exactly one of any number of racing submits wins.
   * @param typed header name to value, as parsed from JSON; blank = keep what is on file
   * @throws KeywardError `invalid_header_name`, `invalid_header_value`, `missing_header_values` (nothing counted);
   *   `flow_busy`; `flow_not_found`; `schema_changed`; `upstream_rejected` (counted, `details.attempts_left`);
   *   `upstream_unreachable` and the other upstream codes (not counted). Nothing is stored in any of these cases.
   */
  submit(opener: Opener, typed: Readonly<Record<string, unknown>>, from: Submitter): Promise<SubmissionResult>;
}

export interface SubmissionParts {
  readonly store: FlowStore & Pick<CredentialStore, "readCredential"> & Pick<ServerStore, "findServer">;
  readonly vault: Vault;
  readonly upstream: Pick<Upstream, "verify" | "forgetCredential">;
  readonly completions: Pick<Completions, "announce">;
  readonly random: Random;
  readonly logger: Logger;
}

export function createSubmissions(parts: SubmissionParts): Submissions {
  const { store, vault, upstream, completions, random, logger } = parts;

  async function findOwnFlow(opener: Opener): Promise<SubmissionFlow> {
    const flow = await store.findFlow(opener.flowId);
    if (flow === null || !mayOpen(opener, flow)) {
      throw new KeywardError("flow_not_found");
    }
    return flow;
  }

  /** Whoever submits has opened it too, page or not. */
  async function noteOpened(
    opener: Opener,
    flow: SubmissionFlow,
    { requestId, address }: RequestOrigin,
  ): Promise<void> {
    if (flow.openedAt === null) {
      await store.markFlowOpened(flow.id, {
        requestId,
        address,
        actor: opener.actor,
        action: "flow.opened",
        outcome: "ok",
        serverId: flow.serverId,
        identity: flow.identity,
      });
    }
  }

  async function findServer(flow: SubmissionFlow): Promise<Server> {
    const server = await store.findServer(flow.serverId);
    if (server === null) {
      throw new KeywardError("flow_not_found");
    }
    return server;
  }

  async function openReusable(row: SealedCredential | null, server: Server): Promise<HeaderValues> {
    if (row === null) {
      return new Map();
    }
    try {
      const outdated = new Set(outdatedNames(server.headerSchema, row));
      return new Map([...(await openCredential(vault, row))].filter(([name]) => !outdated.has(name)));
    } catch (error) {
      if (!isKeywardError(error, "credential_unreadable")) {
        throw error;
      }
      // The row stays as it is until all values have been typed anew and verified.
      logger.error("credential_unreadable", { credential_id: row.id, key_id: row.sealed.keyId });
      return new Map();
    }
  }

  async function verify(server: Server, values: HeaderValues): Promise<VerifyOutcome> {
    const headers = {
      origin: server.origin,
      staticHeaders: await openStaticHeaders(vault, server),
      userHeaders: values,
      plainNames: plainNames(server.headerSchema),
      templates: templatesOf(server.headerSchema),
      identity: null,
      credential: null,
    };
    return upstream.verify(server, headers);
  }

  async function release(
    opener: Opener,
    flow: SubmissionFlow,
    claimId: string,
    outcome: "refused" | "unknown",
    origin: RequestOrigin,
    reason: string,
  ): Promise<number> {
    return store.releaseFlow(flow.id, claimId, outcome, {
      maxAttempts: MAX_SUBMISSION_ATTEMPTS,
      audit: {
        ...origin,
        actor: opener.actor,
        // Refused by the server, or nothing learned about the values: only the first is about them.
        action: outcome === "refused" ? "flow.verification_refused" : "flow.verification_failed",
        outcome: "refused",
        serverId: flow.serverId,
        identity: flow.identity,
        detail: { reason },
      },
    });
  }

  async function commit(
    opener: Opener,
    { flow, claimId }: { readonly flow: SubmissionFlow; readonly claimId: string },
    values: HeaderValues,
    verification: VerificationStrength,
    { client, ...origin }: Submitter,
  ): Promise<SubmissionResult> {
    const outcome = await store.commitSubmission({
      flowId: flow.id,
      claimId,
      fieldNames: [...values.keys()],
      verification,
      seal: sealCredential(vault, values, flow),
      actor: opener.actor,
      requestOrigin: origin,
      setFrom: { client, address: origin.address },
    });
    switch (outcome.kind) {
      case "gone":
        throw new KeywardError("flow_not_found");
      case "schema_changed":
        throw new KeywardError("schema_changed");
      case "committed": {
        const { id, version } = outcome.credential;
        // Upstream sessions that were opened with the old value end here.
        upstream.forgetCredential(id);
        completions.announce({ identity: flow.identity, serverId: flow.serverId });
        return { credentialId: id, version, verification };
      }
    }
  }

  async function verifyClaimed(
    opener: Opener,
    claim: { readonly flow: SubmissionFlow; readonly server: Server; readonly claimId: string },
    values: HeaderValues,
    origin: RequestOrigin,
  ): Promise<VerificationStrength> {
    const { flow, server, claimId } = claim;
    let outcome: VerifyOutcome;
    try {
      outcome = await verify(server, values);
    } catch (error) {
      await release(opener, flow, claimId, "unknown", origin, "internal");
      throw error;
    }
    switch (outcome.kind) {
      case "accepted":
        return outcome.strength;
      case "rejected": {
        const attemptsLeft = await release(opener, flow, claimId, "refused", origin, outcome.step);
        throw new KeywardError("upstream_rejected", {
          details: { step: outcome.step, steps: stepWords(outcome.steps), attempts_left: attemptsLeft },
        });
      }
      case "unknown":
        await release(opener, flow, claimId, "unknown", origin, outcome.code);
        throw new KeywardError(outcome.code, { details: { steps: stepWords(outcome.steps) } });
    }
  }

  return {
    async view(opener, origin) {
      const flow = await findOwnFlow(opener);
      await noteOpened(opener, flow, origin);
      const server = await findServer(flow);
      const credential = await store.readCredential(flow);
      const declared = new Set<string>(server.headerSchema.map((field) => field.name));
      const row = reusableFor(flow, credential);
      const outdated = row === null ? [] : outdatedNames(server.headerSchema, row);
      const fresh = (row?.fieldNames ?? []).filter(
        (name) => declared.has(name) && !outdated.some((old) => old === name),
      );
      return {
        flow,
        server,
        credential,
        onFile: fresh,
        outdated,
        attemptsLeft: Math.max(0, MAX_SUBMISSION_ATTEMPTS - flow.attempts),
      };
    },

    async state(opener) {
      const flow = await store.findFlow(opener.flowId);
      if (flow !== null && mayOpen(opener, flow)) {
        return flow.state;
      }
      const completed = await store.findCompletedFlow(opener.flowId);
      if (completed !== null && mayOpen(opener, completed)) {
        return "completed";
      }
      throw new KeywardError("flow_not_found");
    },

    async submit(opener, typed, { client, ...origin }) {
      const pending = await findOwnFlow(opener);
      await noteOpened(opener, pending, origin);
      const server = await findServer(pending);
      const onFile = await openReusable(reusableFor(pending, await store.readCredential(pending)), server);
      const values = mergeHeaderValues(server.headerSchema, typed, onFile);
      const claimId = mintId("claim", random);
      const claim = await store.claimFlow(pending.id, claimId, {
        leaseMs: CLAIM_LEASE_MS,
        maxAttempts: MAX_SUBMISSION_ATTEMPTS,
      });
      if (claim.kind !== "claimed") {
        throw new KeywardError(claim.kind === "busy" ? "flow_busy" : "flow_not_found");
      }
      const strength = await verifyClaimed(opener, { ...claim, claimId }, values, origin);
      return commit(opener, { ...claim, claimId }, values, strength, { client, ...origin });
    },
  };
}

/** An opener that proved an identity opens that identity's flows; a link or an administrator opens any but a user's. */
function mayOpen(opener: Opener, of: Pick<SubmissionFlow, "identity">): boolean {
  return opener.identity === null ? of.identity.mode !== "user" : isSameIdentity(opener.identity, of.identity);
}

/** Values verified against another origin are never offered to this one, not even to be merged (promise P1). */
function reusableFor(flow: SubmissionFlow, row: SealedCredential | null): SealedCredential | null {
  return row !== null && row.origin === flow.origin && row.orphanedAt === null ? row : null;
}
