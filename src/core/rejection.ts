import type { RequestOrigin } from "./audit.ts";
import type { CallHeaders, Clock, Logger, Upstream } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { Server } from "./server.ts";
import type { CredentialStore } from "./credential-port.ts";

/**
 * What became of a refusal.
 * `rejected`: the server refuses the value itself, and it is no longer used. `call_refused`: the value is good, this one
 * call is not allowed. `unknown`: the server could not be asked again, or was asked often enough; nothing is changed.
 */
export type Verdict = "rejected" | "call_refused" | "unknown";

export interface Rejections {
  /**
   * Judges a call that the server answered with 401, 403 or its protocol's auth error. One re-check with the same value,
   * by the handshake and a list, never by the tool again; only when that is refused too the credential is marked.
   * @throws KeywardError `credential_store_unavailable`
   */
  judge(
    server: Server,
    headers: CallHeaders & { readonly credential: NonNullable<CallHeaders["credential"]> },
    origin: RequestOrigin,
  ): Promise<Verdict>;
}

const RECHECK = { probeTool: null, hasNegativeControl: false } as const;

/** A caller that repeats a call which it may not make must not turn each into three requests to the server. */
const MAX_RECHECKS_PER_MINUTE = 3;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_CREDENTIALS = 10_000;

export function createRejections(parts: {
  readonly store: Pick<CredentialStore, "rejectCredential">;
  readonly upstream: Pick<Upstream, "verify" | "forgetCredential">;
  readonly clock: Clock;
  readonly logger: Logger;
}): Rejections {
  const { store, upstream, logger } = parts;
  const limit = createRateLimit(parts.clock, { windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_CREDENTIALS });
  return {
    async judge(server, headers, origin) {
      const { id, version } = headers.credential;
      if (!limit.take(`${id}/${version}`, MAX_RECHECKS_PER_MINUTE)) {
        return "unknown";
      }
      const outcome = await upstream.verify({ ...server, verification: RECHECK }, headers);
      if (outcome.kind !== "rejected") {
        logger.info("refusal_not_confirmed", { server_id: server.id, credential_id: id, outcome: outcome.kind });
        return outcome.kind === "accepted" ? "call_refused" : "unknown";
      }
      // Only the version that was refused: a value that was stored meanwhile has not been tried yet.
      await store.rejectCredential(id, version, outcome.step, {
        ...origin,
        actor: { kind: "system" },
        action: "credential.rejected",
        outcome: "ok",
        serverId: server.id,
        credentialId: id,
        version,
        detail: { reason: outcome.step },
        ...(headers.identity === null ? {} : { identity: headers.identity }),
      });
      upstream.forgetCredential(id);
      return "rejected";
    },
  };
}
