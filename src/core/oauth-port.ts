import type { AuditEntry } from "./audit.ts";
import type { Sealed } from "./ports.ts";
import type { Page, PageRequest } from "./page.ts";

/*
 * The part of the Store port that the OAuth server stands on. A record is kept under a key that whoever reads the
 * database cannot present: a keyed digest. Only clients and grants, which prove nothing, are kept under their own id.
 */

/** What the OAuth server remembers. */
export const OAUTH_MODELS = [
  "Client",
  "Grant",
  "Interaction",
  "AuthorizationCode",
  "AccessToken",
  "RefreshToken",
  "ReplayDetection",
] as const;

export type OauthModel = (typeof OAUTH_MODELS)[number];

/** What a record says of itself without being opened. Never changes while it lives. */
export interface OauthRecordFacts {
  readonly id: string;
  readonly model: OauthModel;
  /** The grant that a code or token was issued under; null for everything else. */
  readonly grantId: string | null;
  readonly userId: string | null;
  readonly clientId: string | null;
}

export interface OauthRecordToSave extends OauthRecordFacts {
  /** What an access token is for: the URL of the MCP endpoint. */
  readonly resource: string | null;
  readonly scope: string | null;
  readonly sealed: Sealed;
  /** Milliseconds from now; null = for ever, as a client. */
  readonly ttlMs: number | null;
}

/** A grant, and how its client presented itself to the person who gave it. */
export interface GrantToSave extends OauthRecordToSave {
  readonly model: "Grant";
  readonly userId: string;
  readonly clientId: string;
  readonly clientName: string | null;
  /** The host that vouches for the client; null when it registered itself. */
  readonly clientHost: string | null;
}

export interface OauthRecord extends OauthRecordFacts {
  readonly sealed: Sealed;
  /** Milliseconds since it was used up, by the store's clock; null = it was not. */
  readonly consumedSinceMs: number | null;
}

/** What the gateway has to know of an access token. In any state; the caller judges with `isAccessTokenLive`. */
export interface AccessToken {
  readonly appId: string;
  readonly userId: string;
  readonly resource: string;
  readonly expiresAt: number;
  readonly grantExpiresAt: number;
  readonly isUserEnabled: boolean;
}

/** A client that a person has let act for them. */
export interface App {
  /** Of the grant. */
  readonly id: string;
  readonly userId: string;
  readonly userName: string;
  readonly clientId: string;
  readonly clientName: string | null;
  readonly clientHost: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface OauthStore {
  /**
   * Writes a record, or replaces the payload and expiry of the one that has its id and model.
   * @returns false when its grant or user is gone: a revocation that comes in between wins
   */
  saveOauthRecord(record: OauthRecordToSave): Promise<boolean>;
  /** A live record; null when unknown, expired, or of another model. */
  findOauthRecord(model: OauthModel, id: string): Promise<OauthRecord | null>;
  /**
   * Uses up a record, in one conditional update: of any number of racers the first wins. Whoever comes within `graceMs`
   * of the first wins too (two windows that refresh together).
   * @param keepMs how much longer, at most, the used-up record is kept, so that a replay is recognised
   * @returns false when it was used up before, or is gone
   */
  consumeOauthRecord(
    model: OauthModel,
    id: string,
    options: { readonly graceMs: number; readonly keepMs: number },
  ): Promise<boolean>;
  /** Unknown ids are ignored. */
  deleteOauthRecord(model: OauthModel, id: string): Promise<void>;

  /**
   * Writes the grant that a person has given, with its audit event; notes that the client is in use.
   * @returns false when the user is gone
   */
  authorizeApp(grant: GrantToSave, audit: AuditEntry): Promise<boolean>;
  /** Id of the newest live grant of a person to a client. */
  findNewestGrant(userId: string, clientId: string): Promise<string | null>;
  /**
   * Deletes a grant with every code and token issued under it, and writes the audit event, in one transaction. Two
   * racers: one event.
   * @param onlyUserId when given, another person's grant counts as absent
   * @returns the app that was, or null when there is none
   */
  revokeApp(
    id: string,
    audit: Omit<AuditEntry, "identity" | "detail">,
    reason: string,
    onlyUserId?: string,
  ): Promise<App | null>;
  /** Newest first, keyset-paged; opens nothing. */
  listApps(filter: { readonly userId?: string }, page: PageRequest): Promise<Page<App>>;
  /** One indexed read, remembered while nothing is committed. */
  findAccessToken(id: string): Promise<AccessToken | null>;
  /** Whether the grant lives and its user may act: what keeps a stream open whose access token has run out. */
  isAppLive(id: string): Promise<boolean>;
  /** Notes the last use; at most once a minute, written within seconds or at `close`. Best effort. */
  touchApp(id: string): Promise<void>;

  /**
   * Deletes at most `limit` records that are expired; grants under which nothing is left, with an audit event each;
   * clients that nobody has used for `unusedClientMs`. Conditions are re-evaluated in the delete itself.
   * @returns how many went
   */
  sweepOauthRecords(limit: number, options: { readonly unusedClientMs: number }): Promise<number>;
  /** What a sweep would delete right now. */
  countSweepableOauthRecords(options: { readonly unusedClientMs: number }): Promise<number>;
}

/** Valid = for this audience, not expired, and so are its grant and its user. */
export function isAccessTokenLive(token: AccessToken, audience: string, now: number): boolean {
  return token.resource === audience && token.expiresAt > now && token.grantExpiresAt > now && token.isUserEnabled;
}
