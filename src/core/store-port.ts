import type { AccessStore } from "./access-port.ts";
import type { AdminStore } from "./admin-port.ts";
import type { AttemptStore } from "./attempt-port.ts";
import type { AuditStore } from "./audit-port.ts";
import type { CredentialStore } from "./credential-port.ts";
import type { FlowStore } from "./flow-port.ts";
import type { OauthStore } from "./oauth-port.ts";
import type { GroupStore, UserStore } from "./people-port.ts";
import type { ServerStore } from "./server-port.ts";
import type { SignInStore } from "./sign-in-port.ts";
import type { VirtualKeyStore } from "./virtual-key-port.ts";

/*
 * The Store port names intentions, not CRUD. One method is one atomic promise: it happens wholly or not at all, also
 * under kill -9, and its comment says what it does under a race. Every method may throw KeywardError
 * `credential_store_unavailable` (the store could not be asked: never "there is none"). Expiry is judged by the store's
 * clock. A mutation and its audit entry are one transaction.
 */

export interface SweepStore {
  /**
   * Deletes at most `limit` flows that are expired and not under a live claim, with their tokens. The conditions are
   * re-evaluated in the delete itself: any number of replicas may sweep at once and a live row can never go.
   * @returns how many went
   */
  sweepExpiredFlows(limit: number): Promise<number>;
  /**
   * Deletes at most `limit` credentials that have been orphaned for longer than `retentionMs`, with one
   * `credential.swept` event each. Never one that has access. @returns how many went
   */
  sweepOrphanedCredentials(retentionMs: number, limit: number): Promise<number>;
  /** What a sweep would delete right now. */
  countSweepable(retentionMs: number): Promise<{ readonly expiredFlows: number; readonly orphanedCredentials: number }>;
}

/** The whole port. Each engine passes the same contract suite, `test/contract/`. */
export interface Store
  extends ServerStore,
    AccessStore,
    CredentialStore,
    FlowStore,
    VirtualKeyStore,
    AdminStore,
    AuditStore,
    SweepStore,
    AttemptStore,
    OauthStore,
    UserStore,
    GroupStore,
    SignInStore {
  /** Answers when the store can be read and written. @throws KeywardError `credential_store_unavailable` */
  ping(): Promise<void>;
  /**
   * What the clock says by which expiry is judged; milliseconds since the epoch, UTC.
   * @throws KeywardError `credential_store_unavailable`
   */
  time(): Promise<number>;
  /** How many uses this process could not note, since it started. */
  droppedUses(): number;
  close(): Promise<void>;
}
