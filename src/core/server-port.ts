import type { Reconciliation } from "./access-port.ts";
import type { AuditEntry } from "./audit.ts";
import type { HeaderSchema } from "./header-schema.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Intent } from "./people-port.ts";
import type { Sealed } from "./ports.ts";
import type { Discovered, LinkPolicy, Server, ServerStatus, UpstreamOrigin, VerificationPolicy } from "./server.ts";

export type NewServer = Omit<Server, "schemaRevision" | "version" | "createdAt" | "updatedAt">;

/** What may be changed; absent = as it is. */
export interface ServerChange {
  readonly name?: string;
  readonly url?: string;
  readonly origin?: UpstreamOrigin;
  readonly headerSchema?: HeaderSchema;
  readonly staticHeaderNames?: readonly string[];
  readonly staticHeaders?: Sealed | null;
  readonly allowAllIdentities?: boolean;
  readonly linkPolicy?: LinkPolicy;
  readonly verification?: VerificationPolicy;
  readonly tools?: readonly string[] | null;
  readonly status?: ServerStatus;
  readonly discovered?: Discovered | null;
}

export interface ServerStore {
  /** Two racers for one name: one wins. @throws KeywardError `name_taken` */
  createServer(server: NewServer, audit: AuditEntry): Promise<Server>;
  findServer(id: string): Promise<Server | null>;
  findServerByName(name: string): Promise<Server | null>;
  /** Ordered by name. */
  listServers(page: PageRequest): Promise<Page<Server>>;
  /**
   * Applies the change if the server still has `expectedVersion`, and in the same transaction, set-based:
   * a schema change adds 1 to `schemaRevision`, moves credentials by the state table (`needs_update` exactly for those
   * that now lack a required field or hold a value older than its field's format, `active` again for those that satisfy
   * the schema) and deletes the server's flows;
   * an origin change makes every credential `needs_update` and deletes the flows; a change of `allowAllIdentities` or of
   * `status` reconciles access. A constant number of statements, whatever the number of rows.
   * @throws KeywardError `server_not_found`, `stale_update`, `name_taken`
   */
  updateServer(
    id: string,
    expectedVersion: number,
    change: ServerChange,
    audit: AuditEntry,
    intent?: Intent,
  ): Promise<{ readonly server: Server; readonly reconciliation: Reconciliation }>;
  /** Grants, credentials, flows and tokens go with it (in the database). @returns null when there was none */
  deleteServer(id: string, audit: AuditEntry, intent?: Intent): Promise<Reconciliation | null>;
}
