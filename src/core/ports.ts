import type { JsonObject, JsonValue } from "./json.ts";
import type { Discovered, ListKind, Server, UpstreamOrigin } from "./server.ts";
import type { HeaderValues } from "./header-values.ts";
import type { VerificationStrength } from "./credential.ts";
import type { Identity } from "./identity.ts";
import type { TokenPurpose } from "./token.ts";
import type { Secret } from "./secret.ts";

/** Time, as an argument. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /**
   * Runs `task` once after `delayMs`.
   * @param options.isBackground whether the process may end while the timer is pending; default false, because somebody
   *   waits for most timers
   * @returns cancels the timer; safe to call after it has fired
   */
  schedule(delayMs: number, task: () => void, options?: { readonly isBackground?: boolean }): () => void;
}

/** Randomness fit for secrets, as an argument. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Allow-listed fields of a log line. There is no way to log a headers object, a body or a foreign error's text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Structured logging by event name: `logger.warn("temp_token_mint_failed", { flow_id })`. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Ciphertext with the name of the data key that opens it. */
export interface Sealed {
  readonly keyId: string;
  readonly envelope: Uint8Array;
}

/**
 * What a ciphertext is bound to. Each field is authenticated, length-prefixed and in this order, so that `a:b` + `c`
 * and `a` + `b:c` differ. The vault adds the deployment id and the data key id.
 */
export interface SealContext {
  readonly purpose: "header_credential" | "static_headers" | "keycheck";
  readonly fields: readonly string[];
}

/** Keys and ciphertext. Synchronous: opening takes microseconds and is on the way of every call. */
export interface Vault {
  /** @throws KeywardError `credential_store_unavailable` when there is no current data key */
  seal(plaintext: Uint8Array, context: SealContext): Sealed;
  /** @throws KeywardError `credential_unreadable`, the same for every cause */
  open(sealed: Sealed, context: SealContext): Uint8Array;
  /** Keyed digest of a token, 64 hex characters, different for each purpose: HMAC-SHA-256(digest key, purpose 0x00 token). */
  digest(purpose: TokenPurpose, token: Secret<string>): string;
}

/** Headers that Keyward adds to the requests of one call, and the only origin they may go to. */
export interface CallHeaders {
  readonly origin: UpstreamOrigin;
  readonly staticHeaders: HeaderValues;
  readonly userHeaders: HeaderValues;
  /** User headers that are declared to be no secret, such as a tenant id: they may stand in an answer. */
  readonly plainNames: ReadonlySet<string>;
  /** Whose call it is; null while values are verified. Upstream sessions are never shared between identities. */
  readonly identity: Identity | null;
  /** Which stored credential the user headers come from; null when the server needs none. Keys upstream sessions. */
  readonly credential: { readonly id: string; readonly version: number } | null;
}

export type VerifyOutcome =
  | { readonly kind: "accepted"; readonly strength: VerificationStrength; readonly discovered: Discovered }
  /** The server refused: 401, 403 or its protocol's auth error. `step` says at which request. */
  | { readonly kind: "rejected"; readonly step: VerifyStep }
  /** Nothing is known: timeout, 5xx, TLS, DNS, redirect, no MCP. `code` is one of the upstream error codes. */
  | { readonly kind: "unknown"; readonly code: UpstreamFailureCode };

export type VerifyStep = "connect" | "list_tools" | "probe_tool";

export type UpstreamFailureCode =
  | "upstream_unreachable"
  | "upstream_redirected"
  | "upstream_not_allowed"
  | "upstream_protocol"
  | "upstream_url_invalid";

/** A JSON-RPC request or notification without its id: ids are each connection's own. */
export interface McpMessage {
  readonly method: string;
  readonly params?: JsonObject;
}

export type McpAnswer =
  | { readonly kind: "result"; readonly result: JsonObject }
  | {
      readonly kind: "error";
      readonly error: { readonly code: number; readonly message: string; readonly data?: JsonValue };
    }
  /** 401, 403 or the protocol's auth error, to a request that carried the headers. */
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly code: UpstreamFailureCode };

export type ListOutcome =
  /** Cleaned, capped and sorted; `omitted` counts what could not be used. Empty when the server has no such list. */
  | { readonly kind: "listed"; readonly items: readonly JsonObject[]; readonly omitted: number }
  | Extract<McpAnswer, { kind: "refused" | "failed" }>;

/** Towards the MCP servers. The only thing in Keyward that dials out. */
export interface Upstream {
  /**
   * Judges values before they are stored: `initialize` or `server/discover`, then a list, then the probe tool if there
   * is one, then the same with a wrong value (negative control). Takes at most 20 s; never throws for what the server does.
   */
  verify(server: Server, headers: CallHeaders, options?: { readonly signal?: AbortSignal }): Promise<VerifyOutcome>;
  /**
   * Sends one request with the headers and returns its answer, injected values scrubbed out of it. Opens an upstream
   * session only when the server needs one, and keeps it for the same credential version.
   */
  request(
    server: Server,
    headers: CallHeaders,
    message: McpMessage,
    options?: { readonly signal?: AbortSignal },
  ): Promise<McpAnswer>;
  /** Asks for a list with the headers, all pages of it, injected values scrubbed out. Never throws for what the server does. */
  list(
    server: Server,
    headers: CallHeaders,
    kind: ListKind,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ListOutcome>;
  /**
   * Ends everything that carries this credential: sessions are dropped without another request (a DELETE would carry the
   * value after its revocation, promise P8), and requests under way are aborted.
   */
  forgetCredential(credentialId: string): void;
  /** The same for all credentials of a server. */
  forgetServer(serverId: string): void;
  /** Whether a URL may be dialled at all, before anything is sent. @throws KeywardError `upstream_*` */
  assertAllowed(url: URL): Promise<void>;
}
