import { NO_ORIGIN, type Actor, type RequestOrigin } from "./audit.ts";
import type { HeaderCredential, SealedCredential, VerificationStrength } from "./credential.ts";
import { isKeywardError, KeywardError } from "./errors.ts";
import type { HeaderValues } from "./header-values.ts";
import { parseIdentity, type Identity } from "./identity.ts";
import type { Clock, Logger, Random, Vault } from "./ports.ts";
import { openCredential, sealCredential } from "./seal-context.ts";
import type { CredentialStore } from "./credential-port.ts";
import type { FlowStore, RequestedBy } from "./flow-port.ts";
import type { ServerStore } from "./server-port.ts";
import type { SweepStore } from "./store-port.ts";
import type { TempTokenService } from "./temp-token.ts";
import { mintId } from "./token.ts";

/** How long a submission flow lives: 15 minutes. Each initiation moves its end to now + 15 min, at most to creation + 30 min. */
export const SUBMISSION_FLOW_TTL_MS = 900_000;

/** What the provider needs of a store. */
export type HeadersProviderStore = CredentialStore & FlowStore & SweepStore & Pick<ServerStore, "findServer">;

export interface HeadersProviderOptions {
  readonly store: HeadersProviderStore;
  readonly vault: Vault;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Source of flow ids. */
  readonly random: Random;
}

/** What `upsertCredential` is given. */
export interface CredentialInput {
  readonly identity: Identity;
  readonly serverId: string;
  readonly headers: HeaderValues;
  /** How the caller has verified the values; null = not at all. */
  readonly verification?: VerificationStrength | null;
  /** Who is named in the audit log. Default: Keyward itself. */
  readonly actor?: Actor;
}

/** What `upsertCredential` gives back. Times in milliseconds since the epoch, UTC. */
export interface UpsertedCredential {
  readonly id: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface FlowRequest {
  /** One of `user`, `virtual_key`, `session`. */
  readonly mode: string;
  readonly identity: string;
  readonly serverId: string;
  /** Public URL of the gateway; the link is built on it. Trailing slashes are dropped. */
  readonly baseUrl: string;
  readonly requestedBy?: RequestedBy;
  readonly origin?: RequestOrigin;
}

export interface InitiatedFlow {
  readonly flowId: string;
  /** `<baseUrl>/connect/<flow id>`, with `#t=<temp token>` where policy allows. Contains a secret then: never log it. */
  readonly url: string;
  /** Milliseconds since the epoch, UTC. */
  readonly expiresAt: number;
}

const UNKNOWN_REQUESTER: RequestedBy = { clientName: null, clientVersion: null, address: null };

/**
 * Storage of per-user headers: credentials and submission flows. It never dials an upstream and never builds an
 * auth-required answer.
 *
 * Mirrors `MCPHeadersProvider` of the Go package `mcp_headers`, operation by operation, with its races closed.
 */
export class HeadersProvider {
  readonly clock: Clock;
  readonly #store: HeadersProviderStore;
  readonly #vault: Vault;
  readonly #logger: Logger;
  readonly #random: Random;
  #tempTokens: TempTokenService | null = null;

  constructor(options: HeadersProviderOptions) {
    this.clock = options.clock;
    this.#store = options.store;
    this.#vault = options.vault;
    this.#logger = options.logger;
    this.#random = options.random;
  }

  /** Late wiring at start-up; without it every link is without a fragment. */
  setTempTokenService(service: TempTokenService): void {
    this.#tempTokens = service;
  }

  /**
   * The opened credential of a binding in state `active`, `needs_update` or `rejected`; an orphaned row counts as absent.
   * @throws KeywardError `credential_not_found` for a blank or malformed identity, a blank server id, or no row;
   *   `credential_store_unavailable` when the store or the keys fail: that is never "not found"
   */
  async getCredentialByMode(mode: string, identity: string, serverId: string): Promise<HeaderCredential> {
    const parsed = identityOrNotFound(mode, identity);
    if (serverId === "") {
      throw new KeywardError("credential_not_found");
    }
    const row = await this.#store.readCredential({ identity: parsed, serverId });
    if (row === null || row.orphanedAt !== null) {
      throw new KeywardError("credential_not_found");
    }
    return this.#open(row);
  }

  async #open(row: SealedCredential): Promise<HeaderCredential> {
    const { sealed: _, ...record } = row;
    try {
      return { ...record, headers: await openCredential(this.#vault, row) };
    } catch (error) {
      this.#logger.error("credential_unreadable", { credential_id: row.id, key_id: row.sealed.keyId });
      throw new KeywardError("credential_store_unavailable", { cause: error });
    }
  }

  /**
   * Writes all values of a binding, whatever was there: a new row, or the same id and `createdAt` with version +1 and
   * status `active`. One atomic step; an orphaned row stays orphaned.
   * @throws KeywardError `server_not_found`, `credential_store_unavailable`
   */
  async upsertCredential(input: CredentialInput): Promise<UpsertedCredential> {
    const server = await this.#store.findServer(input.serverId);
    if (server === null) {
      throw new KeywardError("server_not_found");
    }
    const binding = {
      identity: input.identity,
      serverId: server.id,
      origin: server.origin,
      schemaRevision: server.schemaRevision,
    };
    const fieldNames = [...input.headers.keys()];
    const row = await this.#store.upsertCredential(
      { ...binding, fieldNames, verification: input.verification ?? null, status: "active" },
      sealCredential(this.#vault, input.headers, binding),
      {
        ...NO_ORIGIN,
        actor: input.actor ?? { kind: "system" },
        outcome: "ok",
        serverId: server.id,
        identity: input.identity,
        detail: { fields: fieldNames },
      },
    );
    return { id: row.id, version: row.version, createdAt: row.createdAt, updatedAt: row.updatedAt };
  }

  /**
   * Deletes a credential, and with it the flow and the temp tokens of the same binding, in one transaction. Idempotent:
   * a blank or unknown id is a success.
   */
  async deleteCredential(id: string, actor: Actor = { kind: "system" }): Promise<void> {
    if (id !== "") {
      await this.#store.revokeCredential(id, { ...NO_ORIGIN, actor, action: "credential.revoked", outcome: "ok" });
    }
  }

  /**
   * Finds or creates the pending flow of a binding and makes a link to it. One row whatever the concurrency; every link
   * handed out works until the first success.
   * @throws KeywardError `invalid_identity`; `access_denied` when the identity may not use the server, the server is not
   *   ready or wants no per-user headers; `credential_store_unavailable`
   */
  async initiateUserSubmissionFlow(request: FlowRequest): Promise<InitiatedFlow> {
    const identity = parseIdentity(request.mode, request.identity);
    const flow = await this.#store.initiateFlow(
      {
        identity,
        serverId: request.serverId,
        newFlowId: mintId("flow", this.#random),
        ttlMs: SUBMISSION_FLOW_TTL_MS,
        requestedBy: request.requestedBy ?? UNKNOWN_REQUESTER,
      },
      {
        ...(request.origin ?? NO_ORIGIN),
        actor: { kind: "identity", identity },
        action: "flow.requested",
        outcome: "ok",
        serverId: request.serverId,
        identity,
      },
    );
    if (flow === null) {
      throw new KeywardError("access_denied");
    }
    const link = `${request.baseUrl.replace(/\/+$/, "")}/connect/${flow.id}`;
    const token = await this.#mint(flow);
    return { flowId: flow.id, url: token === null ? link : `${link}#t=${token}`, expiresAt: flow.expiresAt };
  }

  // Best effort: without a token the link still opens for whoever can prove the identity.
  async #mint(flow: Parameters<TempTokenService["mintForFlow"]>[0]): Promise<string | null> {
    try {
      return (await this.#tempTokens?.mintForFlow(flow))?.reveal() ?? null;
    } catch {
      this.#logger.warn("temp_token_mint_failed", { flow_id: flow.id });
      return null;
    }
  }

  /** One batch of expired flows. @returns how many went */
  sweepExpiredFlows(limit: number): Promise<number> {
    return this.#store.sweepExpiredFlows(limit);
  }

  /** One batch of credentials orphaned for longer than `retentionMs`. @returns how many went */
  sweepOrphanedCredentials(retentionMs: number, limit: number): Promise<number> {
    return this.#store.sweepOrphanedCredentials(retentionMs, limit);
  }
}

function identityOrNotFound(mode: string, id: string): Identity {
  try {
    return parseIdentity(mode, id);
  } catch (error) {
    if (isKeywardError(error, "invalid_identity")) {
      throw new KeywardError("credential_not_found", { cause: error });
    }
    throw error;
  }
}
