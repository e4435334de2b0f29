import type { AuditEntry } from "./audit.ts";
import type { Page, PageRequest } from "./page.ts";

export interface AdminToken {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface AdminStore {
  /**
   * Offers a one-time setup token, unless setup has been done. A later offer replaces an earlier one.
   * @returns whether setup is still open
   */
  offerSetup(setupDigest: string): Promise<boolean>;
  /** Uses up the setup token and creates the first admin token. Two racers: one wins. @returns null when it is not the one */
  completeSetup(
    setupDigest: string,
    token: { readonly id: string; readonly name: string; readonly digest: string },
    audit: AuditEntry,
  ): Promise<AdminToken | null>;
  findAdminTokenByDigest(digest: string): Promise<AdminToken | null>;
  /** Newest first. */
  listAdminTokens(page: PageRequest): Promise<Page<AdminToken>>;
  createAdminToken(
    token: { readonly id: string; readonly name: string; readonly digest: string },
    audit: AuditEntry,
  ): Promise<AdminToken>;
  /**
   * @param options.isLastAllowed whether nobody else has to remain who may administer, because the configuration names
   *   a token
   * @throws KeywardError `last_admin` when neither another token nor an administrator who can sign in would be left
   * @returns false when there is no such token
   */
  revokeAdminToken(id: string, options: { readonly isLastAllowed: boolean }, audit: AuditEntry): Promise<boolean>;
}
