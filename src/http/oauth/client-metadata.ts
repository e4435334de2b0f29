import { errors } from "oidc-provider";
import { toPrintable } from "../../core/printable.ts";
import { isDocumentId } from "./document-id.ts";

const MAX_NAME_LENGTH = 80;
const MAX_REDIRECTS = 20;
const MAX_REDIRECT_LENGTH = 1_000;

/** Schemes of things that run or read in the browser itself: none leads back to a client. */
const NEVER_REDIRECTED_TO: ReadonlySet<string> = new Set([
  "javascript:",
  "data:",
  "file:",
  "vbscript:",
  "blob:",
  "about:",
  "view-source:",
  "filesystem:",
]);

const SECRET_METHODS: ReadonlySet<unknown> = new Set(["none", "client_secret_basic", "client_secret_post"]);

const KEPT: ReadonlySet<string> = new Set([
  "client_id",
  "client_id_issued_at",
  "client_secret",
  "client_secret_expires_at",
  "client_name",
  "redirect_uris",
  "response_types",
]);
const KEPT_WITH_KEYS: ReadonlySet<string> = new Set([...KEPT, "jwks", "jwks_uri", "token_endpoint_auth_signing_alg"]);

type Metadata = Record<string, unknown>;

/**
 * Makes of what a client says of itself what the OAuth server takes, before that judges it: real clients leave out what is
 * needed (`application_type`) and ask for what there is not (scopes, grant types). What is not needed is not kept, so that
 * nothing of it is ever fetched, shown or stored.
 *
 * @throws errors.InvalidClientMetadata for a redirect that may not be, or more of them than a client needs
 */
export function normaliseClientMetadata(metadata: Metadata): void {
  const isDocument = isDocumentId(metadata["client_id"]);
  const method = methodOf(metadata["token_endpoint_auth_method"], isDocument);
  const kept = method === "private_key_jwt" ? KEPT_WITH_KEYS : KEPT;
  for (const name of Object.keys(metadata)) {
    if (!kept.has(name)) {
      delete metadata[name];
    }
  }
  const name = metadata["client_name"];
  delete metadata["client_name"];
  const shownName = typeof name === "string" ? toPrintable(name, MAX_NAME_LENGTH) : "";
  const { response_types: responses } = metadata;
  Object.assign(metadata, {
    ...(shownName === "" ? {} : { client_name: shownName }),
    application_type: applicationType(metadata["redirect_uris"]),
    grant_types: ["authorization_code", "refresh_token"],
    response_types: Array.isArray(responses) && !responses.includes("code") ? responses : ["code"],
    token_endpoint_auth_method: method,
  });
}

/** A document is public, so there is no secret to share; a registration has no key that anybody vouches for. */
function methodOf(method: unknown, isDocument: boolean): unknown {
  if (isDocument) {
    return method === "private_key_jwt" ? method : "none";
  }
  if (!SECRET_METHODS.has(method)) {
    throw new errors.InvalidClientMetadata(
      "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post",
    );
  }
  return method;
}

/** RFC 8252: what is not reached over https by a host of its own is an application on the person's machine. */
function applicationType(redirects: unknown): "native" | "web" {
  if (!Array.isArray(redirects)) {
    return "web";
  }
  if (redirects.length > MAX_REDIRECTS) {
    throw new errors.InvalidClientMetadata(`redirect_uris must not contain more than ${MAX_REDIRECTS} uris`);
  }
  const protocols = redirects.map(protocolOf);
  return protocols.every((protocol) => protocol === "https:") ? "web" : "native";
}

function protocolOf(redirect: unknown): string {
  const url = typeof redirect === "string" && redirect.length <= MAX_REDIRECT_LENGTH ? URL.parse(redirect) : null;
  if (url === null) {
    throw new errors.InvalidClientMetadata("redirect_uris must only contain valid uris");
  }
  if (NEVER_REDIRECTED_TO.has(url.protocol) || url.username !== "" || url.password !== "") {
    throw new errors.InvalidClientMetadata("redirect_uris must not use that scheme, nor name a user");
  }
  return url.protocol;
}
