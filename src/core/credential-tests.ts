import type { Requester } from "./access.ts";
import type { ListedCredential } from "./credential-port.ts";
import type { Store } from "./store-port.ts";
import type { VerificationStrength } from "./credential.ts";
import { KeywardError } from "./errors.ts";
import { isSameIdentity, type Identity } from "./identity.ts";
import type { Clock, Upstream, UpstreamFailureCode, VerifyOutcome } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { Rejections } from "./rejection.ts";
import type { Resolution, Resolver } from "./resolver.ts";
import type { Server } from "./server.ts";
import type { RefusableStep } from "./verification.ts";

/** What a server says of stored values now. */
interface CredentialTest {
  /** `unknown`: it could not be asked, or it refuses a request and not the values. Nothing is changed by that. */
  readonly outcome: "accepted" | "rejected" | "unknown";
  /** What the values are worth as far as is known: of this test, or of the last one that was accepted. */
  readonly verification: VerificationStrength | null;
  /** Where it refused. */
  readonly step: RefusableStep | null;
  /** Why it could not be asked. */
  readonly code: UpstreamFailureCode | null;
}

export interface CredentialTests {
  /**
   * Verifies stored values with their server now, as their owner. A refusal has to be confirmed by the re-check of
   * `rejection.ts`, as one of a call has to; only then are the values rejected. Values that are rejected already are not
   * sent again.
   * @throws KeywardError `credential_not_found`, also for somebody else's; `access_denied`; `schema_changed` when the
   *   values do not fit the server any more; `rate_limited`; `credential_unreadable`, `credential_store_unavailable`
   */
  test(id: string, owner: Identity, by: Requester): Promise<CredentialTest>;
}

const MAX_TESTS_PER_MINUTE = 5;
const WINDOW_MS = 60_000;
const MAX_REMEMBERED_CREDENTIALS = 10_000;

type Ready = Extract<Resolution, { kind: "ready" }>["headers"];
type Own = Ready & { readonly credential: NonNullable<Ready["credential"]> };

export function createCredentialTests(parts: {
  readonly store: Pick<Store, "findCredential" | "findAccess" | "noteVerification">;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "verify">;
  readonly rejections: Rejections;
  readonly clock: Clock;
}): CredentialTests {
  const { store, resolver, upstream, rejections } = parts;
  const limit = createRateLimit(parts.clock, { windowMs: WINDOW_MS, maxKeys: MAX_REMEMBERED_CREDENTIALS });

  async function findOwn(id: string, owner: Identity): Promise<ListedCredential> {
    const found = await store.findCredential(id);
    if (found === null || !isSameIdentity(found.identity, owner)) {
      throw new KeywardError("credential_not_found");
    }
    return found;
  }

  async function findServer({ identity, serverName }: ListedCredential): Promise<Server> {
    const access = await store.findAccess(identity, serverName);
    if (access === null) {
      throw new KeywardError("access_denied");
    }
    return access.server;
  }

  async function judge(
    server: Server,
    headers: Own,
    outcome: VerifyOutcome,
    known: VerificationStrength | null,
    by: Requester,
  ): Promise<CredentialTest> {
    switch (outcome.kind) {
      case "accepted": {
        const { id, version } = headers.credential;
        const entry = { ...by.origin, actor: by.actor, action: "credential.verified", outcome: "ok" } as const;
        await store.noteVerification(id, version, outcome.strength, entry);
        return { outcome: "accepted", verification: outcome.strength, step: null, code: null };
      }
      case "rejected": {
        const isConfirmed = (await rejections.judge(server, headers, by.origin)) === "rejected";
        return { outcome: isConfirmed ? "rejected" : "unknown", verification: known, step: outcome.step, code: null };
      }
      case "unknown":
        return { outcome: "unknown", verification: known, step: null, code: outcome.code };
    }
  }

  return {
    async test(id, owner, by) {
      const found = await findOwn(id, owner);
      const { verification } = found;
      const server = await findServer(found);
      if (!limit.take(id, MAX_TESTS_PER_MINUTE)) {
        throw new KeywardError("rate_limited");
      }
      const resolution = await resolver.resolve(owner, server);
      switch (resolution.kind) {
        case "unavailable":
          throw new KeywardError(resolution.code);
        case "auth_required":
          return notSent(resolution.reason, verification);
        case "ready": {
          const { credential } = resolution.headers;
          if (credential === null) {
            throw new KeywardError("credential_not_found");
          }
          const headers = { ...resolution.headers, credential };
          return judge(server, headers, await upstream.verify(server, headers), verification, by);
        }
      }
    },
  };
}

function notSent(
  reason: Extract<Resolution, { kind: "auth_required" }>["reason"],
  verification: VerificationStrength | null,
): CredentialTest {
  switch (reason) {
    case "missing":
      throw new KeywardError("credential_not_found");
    case "needs_update":
      throw new KeywardError("schema_changed", {
        message: "The server was changed since these values were set. Give them anew: they are not sent as they are.",
      });
    case "rejected":
      return { outcome: "rejected", verification, step: null, code: null };
  }
}
