import { KeywardError } from "./errors.ts";
import type { HeaderSchema } from "./header-schema.ts";
import type { JsonObject } from "./json.ts";
import type { Sealed } from "./ports.ts";

declare const brand: unique symbol;

/** `scheme://host[:port]` as the WHATWG URL parser writes it. Made only by `originOf`. */
export type UpstreamOrigin = string & { readonly [brand]: "UpstreamOrigin" };

/** How a server authenticates its callers. */
export type AuthType =
  /** It does not. */
  | "none"
  /** By static headers that the administrator sets, the same for everyone. */
  | "headers"
  /** By headers that each identity supplies for itself. */
  | "per_user_headers";

/**
 * `pending_verification`: known, but no sample has been verified yet; not callable.
 * `ready`: callable. `disabled`: switched off by an administrator; credentials are orphaned.
 */
export type ServerStatus = "pending_verification" | "ready" | "disabled";

/**
 * Who may open a link of this server. `inherit`: what the deployment allows. `key_proof`: the key itself must always be
 * presented, even where the deployment lets a link alone suffice.
 */
export type LinkPolicy = "inherit" | "key_proof";

/** `legacy`: revisions with `initialize` (2025-11-25 and older). `modern`: 2026-07-28. */
export type ProtocolEra = "legacy" | "modern";

/** What a server can be asked to list. */
export type ListKind = "tools" | "prompts" | "resources" | "resourceTemplates";

/** What a verified sample showed about a server. Its lists are as the server sent them, cleaned, capped and sorted. */
export interface Discovered extends Readonly<Record<ListKind, readonly JsonObject[]>> {
  /** What `initialize` or `server/discover` declared, cleaned; empty when it is not known. */
  readonly capabilities: JsonObject;
  readonly era: ProtocolEra;
  readonly protocolVersion: string;
  /** Whether a legacy server issued a session id. */
  readonly isStateful: boolean;
  readonly serverInfo: JsonObject | null;
  readonly instructions: string | null;
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
}

/** How values are verified before they are stored. */
export interface VerificationPolicy {
  /** A harmless tool that only works with a valid key; called during verification when set. */
  readonly probeTool: { readonly name: string; readonly arguments: JsonObject } | null;
  /** Whether a wrong value is tried as well, to tell *proven* from merely *accepted*. Default true. */
  readonly hasNegativeControl: boolean;
}

/** An upstream MCP server registered in Keyward. */
export interface Server {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly origin: UpstreamOrigin;
  readonly transport: "streamable_http";
  readonly authType: AuthType;
  /** Empty unless `authType` is `per_user_headers`. */
  readonly headerSchema: HeaderSchema;
  /** +1 on every change of the schema. */
  readonly schemaRevision: number;
  /** Names of the static headers, lower-case; the values are sealed. */
  readonly staticHeaderNames: readonly string[];
  readonly staticHeaders: Sealed | null;
  readonly allowAllIdentities: boolean;
  readonly linkPolicy: LinkPolicy;
  readonly verification: VerificationPolicy;
  /** Names of the tools that may be listed and called; null = all. */
  readonly tools: readonly string[] | null;
  readonly status: ServerStatus;
  readonly discovered: Discovered | null;
  /** +1 on every change; an update names the version it was based on. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const SERVER_NAME = /^[a-z][a-z0-9_]{0,31}$/;

/**
 * No hyphen: tools are exposed as `<server>-<tool>`, and the first hyphen ends the server's name.
 * @throws KeywardError `invalid_server_name`
 */
export function parseServerName(text: string): string {
  if (!SERVER_NAME.test(text)) {
    throw new KeywardError("invalid_server_name");
  }
  return text;
}

/**
 * The shape of an upstream URL; whether its address may be dialled is the egress guard's to say.
 * @returns the parsed, normalised URL: only this object is used from here on, never the text
 * @throws KeywardError `upstream_url_invalid`
 */
export function parseUpstreamUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new KeywardError("upstream_url_invalid");
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "" || text.length > 2048) {
    throw new KeywardError("upstream_url_invalid");
  }
  return url;
}

export function originOf(url: URL): UpstreamOrigin {
  return url.origin as UpstreamOrigin;
}
