import type { AuditAction, AuditEntry, AuditEvent, AuditVerdict } from "./audit.ts";
import type { Identity } from "./identity.ts";
import type { Page, PageRequest } from "./page.ts";

export interface AuditFilter {
  readonly action?: AuditAction;
  readonly serverId?: string;
  readonly identity?: Identity;
  /** Events about it alone, and those that it is a subject of. */
  readonly credentialId?: string;
  /** Who did it, see `actorKey`. */
  readonly actor?: string;
  readonly outcome?: AuditEntry["outcome"];
  /** Milliseconds since the epoch: only events at or after. */
  readonly since?: number;
  /** Milliseconds since the epoch: only events before. */
  readonly until?: number;
}

export interface AuditStore {
  /** Newest first, keyset-paged. */
  listAudit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEvent>>;
  /**
   * Reads the whole log, oldest first, and compares each event, its place in the chain and its subjects with what was
   * written. In pages, so that it takes no more memory for a long log. What is written meanwhile may be left out.
   */
  verifyAudit(): Promise<AuditVerdict>;
  /** Writes an entry that has no mutation of its own. */
  appendAudit(entry: AuditEntry): Promise<void>;
}
