import type { User } from "../../core/user.ts";

/** Somebody who is signed in, by the session that a cookie proved. */
export interface SignedIn {
  readonly user: User;
  readonly sessionId: string;
}

/** Dashboard sessions. They open pages and the REST API; the MCP path never asks for one. */
export interface SignIns {
  /**
   * @returns null when there is no cookie, or its session is unknown, expired or ended, or its user is disabled
   * @throws KeywardError `credential_store_unavailable`
   */
  byCookie(headers: Headers): Promise<SignedIn | null>;
}
