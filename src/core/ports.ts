import type { JsonObject, JsonValue } from "./json.ts";
import type { Discovered, ListKind, ProtocolEra, Server, UpstreamOrigin } from "./server.ts";
import type { HeaderValues } from "./header-values.ts";
import type { VerificationStrength } from "./credential.ts";
import type { Identity } from "./identity.ts";
import type { Peer } from "./peer.ts";
import type { TokenPurpose } from "./token.ts";
import type { Secret } from "./secret.ts";
import type { RefusableStep, VerifiedStep } from "./verification.ts";

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
  readonly purpose: "header_credential" | "static_headers" | "keycheck" | "oauth_record";
  readonly fields: readonly string[];
}

/** Keys and ciphertext. */
export interface Vault {
  /** Synchronous: values are sealed within a transaction of the store. */
  seal(plaintext: Uint8Array, context: SealContext): Sealed;
  /**
   * Takes microseconds and is on the way of every call: what a known key sealed is there at once. A key that is not known
   * may have come since the process started, and is looked for in the store.
   * @throws KeywardError `credential_unreadable`, the same for every cause; `credential_store_unavailable` when an unknown
   *   key could not be looked for
   */
  open(sealed: Sealed, context: SealContext): Uint8Array | Promise<Uint8Array>;
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
  /** Templates of user headers by name: of `Bearer {value}` only what stands for `{value}` is secret. */
  readonly templates?: ReadonlyMap<string, string>;
  /** Whose call it is; null while values are verified. Upstream sessions are never shared between identities. */
  readonly identity: Identity | null;
  /** Which stored credential the user headers come from; null when the server needs none. Keys upstream sessions. */
  readonly credential: { readonly id: string; readonly version: number } | null;
}

/** Every step is named, also one that was skipped. */
export type VerifyOutcome = { readonly steps: readonly VerifiedStep[] } & (
  | { readonly kind: "accepted"; readonly strength: VerificationStrength; readonly discovered: Discovered }
  /** The server refused: 401, 403 or its protocol's auth error. `step` says at which request. */
  | { readonly kind: "rejected"; readonly step: RefusableStep }
  /** Nothing is known: timeout, 5xx, TLS, DNS, redirect, no MCP. `code` is one of the upstream error codes. */
  | { readonly kind: "unknown"; readonly code: UpstreamFailureCode }
);

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

/** One message of a client on its way to a server. */
export interface ClientMessage {
  readonly kind: "request" | "notification" | "response";
  /** Empty for a response. */
  readonly method: string;
  readonly params: JsonObject;
  /** The JSON text of the id; null for a notification. */
  readonly idText: string | null;
  /** The whole message as JSON text, which goes on as it is where nothing has to change. */
  readonly text: string;
  /** The era it is written in. */
  readonly era: ProtocolEra;
  /** Definition of the tool that is called, as far as it is known: a modern server wants parameters in headers. */
  readonly tool?: JsonObject | undefined;
}

/** One message of a server on its way to the client. Injected values are scrubbed; ids and tokens are the client's. */
export interface ServerMessage {
  /** `response`: the answer to what was sent. `other`: a notification or a request. `hint`: only where to resume. */
  readonly kind: "response" | "other" | "hint";
  /** JSON text; empty for a hint. */
  readonly text: string;
  /** The same, parsed; empty for a hint. */
  readonly message: JsonObject;
  /** The era it is written in. */
  readonly era: ProtocolEra;
  /** HTTP status that it came with. */
  readonly status: number;
  /** How it came: as an event with these fields, or, null, as a JSON body. */
  readonly event: { readonly id: string | null; readonly retryMs: number | null } | null;
}

/** Takes the messages of a server one after the other; the next one waits until it is done with the last. */
export type MessageSink = (message: ServerMessage) => void | Promise<void>;

/** How a message ended that was sent to a server. */
export type ExchangeEnd =
  /** The response has been handed over. */
  | { readonly kind: "answered" }
  /** Nothing more to come: what was sent was no request, or the server closed the stream and wants to be asked again. */
  | { readonly kind: "accepted" }
  /** 401, 403 or the protocol's auth error; no response has been handed over. */
  | { readonly kind: "refused" }
  /** No response has been handed over, and none will be. */
  | { readonly kind: "failed"; readonly code: UpstreamFailureCode };

/** How a server greets: what `initialize` or `server/discover` answered. */
export type Greeting =
  | {
      readonly kind: "connected";
      readonly era: ProtocolEra;
      readonly protocolVersion: string;
      /** Whether it wants a session. */
      readonly isStateful: boolean;
      /** Its answer, injected values scrubbed. */
      readonly hello: JsonObject;
    }
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
   * Greets a server for a client: in the client's era if the server speaks it. A stateful legacy server gives the peer a
   * session of its own; `notifications/initialized` is then the client's to send.
   */
  greet(
    server: Server,
    headers: CallHeaders,
    peer: Peer,
    era: ProtocolEra,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Greeting>;
  /**
   * Sends one message of a client and hands over what comes back, message by message. Ids and progress tokens become
   * Keyward's own where an upstream session or server is shared, and the client's again on the way back. A session that
   * the server no longer knows is opened again, once.
   * @param options.signal the client's: a request that it leaves is cancelled at the server
   */
  exchange(
    server: Server,
    headers: CallHeaders,
    peer: Peer,
    message: ClientMessage,
    sink: MessageSink,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ExchangeEnd>;
  /**
   * Opens the server's own stream (GET) of the peer's session and hands over what comes until either side ends it.
   * @param options.lastEventId from where to resume
   * @returns `accepted` when the server ended it; `failed` with `upstream_protocol` when it offers none
   */
  listen(
    server: Server,
    headers: CallHeaders,
    peer: Peer,
    sink: MessageSink,
    options: { readonly signal: AbortSignal; readonly lastEventId?: string | undefined },
  ): Promise<ExchangeEnd>;
  /** Ends the peer's own session at the server, if it has one. Best effort. */
  endSession(server: Server, headers: CallHeaders, peer: Peer): Promise<void>;
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
