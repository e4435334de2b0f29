/**
 * The closed list of everything that can go wrong, in one table.
 *
 * An error carries a code, never input: no header value, token, URL userinfo or upstream text may
 * stand in a message (Node's own `Headers.append` error echoes the value, see `security.md` 3).
 */

interface ErrorFacts {
  /** HTTP status of the REST answer. */
  readonly status: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** What the reader sees unless the thrower says something more exact. Helps to act. */
  readonly message: string;
}

function facts(status: number, retryable: boolean, message: string): ErrorFacts {
  return { status, retryable, message };
}

export const ERROR_TABLE = {
  invalid_json: facts(400, false, "The body is not valid JSON."),
  invalid_request: facts(400, false, "The request does not have the documented shape."),
  invalid_identity: facts(400, false, "An identity id is 1 to 255 visible ASCII characters."),
  invalid_header_schema: facts(400, false, "The header schema is not acceptable."),
  invalid_header_name: facts(400, false, "A header name is not acceptable."),
  invalid_header_value: facts(400, false, "A header value is not acceptable."),
  invalid_server_name: facts(
    400,
    false,
    "A server name is 1 to 32 characters of a-z, 0-9 and _, starts with a letter and has no hyphen.",
  ),
  missing_header_values: facts(400, false, "Required header values are missing."),
  invalid_email: facts(400, false, "That is not an e-mail address."),
  invalid_password: facts(400, false, "A password is 12 to 128 characters."),
  unauthenticated: facts(401, false, "Present one valid credential."),
  sign_in_failed: facts(401, false, "E-mail address or password is wrong, or this account may not sign in."),
  ambiguous_credentials: facts(401, false, "Present exactly one credential, not several."),
  opener_unknown: facts(401, false, "Prove that this link is yours: present the key of the identity it was made for."),
  forbidden: facts(403, false, "This credential may not do that."),
  foreign_host: facts(403, false, "The Host header names a host that this gateway does not serve."),
  foreign_origin: facts(403, false, "The Origin header names a site that may not call this gateway."),
  csrf_failed: facts(403, false, "The request does not come from a page of this gateway. Reload the page."),
  access_denied: facts(403, false, "This identity may not use that server."),
  not_found: facts(404, false, "There is nothing here."),
  flow_not_found: facts(
    404,
    false,
    "This link is unknown, expired, already used, or not yours. Call the tool again for a new one.",
  ),
  server_not_found: facts(404, false, "There is no such server."),
  credential_not_found: facts(404, false, "There is no such credential."),
  virtual_key_not_found: facts(404, false, "There is no such virtual key."),
  user_not_found: facts(404, false, "There is no such user."),
  group_not_found: facts(404, false, "There is no such group."),
  session_not_found: facts(404, false, "There is no such session."),
  app_not_found: facts(404, false, "There is no such connected app."),
  consent_not_found: facts(
    404,
    false,
    "This request is unknown, expired, already answered, or not yours. Start again in the app.",
  ),
  admin_token_not_found: facts(404, false, "There is no such admin token."),
  invite_not_found: facts(
    404,
    false,
    "This invitation is unknown, expired or already used. Ask an administrator for a new one.",
  ),
  method_not_allowed: facts(405, false, "This path does not answer that method."),
  flow_busy: facts(409, true, "These values are being verified right now. Ask for the status in a moment."),
  name_taken: facts(409, false, "That name is in use."),
  email_taken: facts(409, false, "That e-mail address is in use."),
  last_admin: facts(409, false, "Somebody has to remain who may administer Keyward."),
  schema_changed: facts(409, false, "The server was changed while the values were verified. Open a new link."),
  setup_done: facts(409, false, "Setup has been done: the setup token has been used."),
  stale_update: facts(409, true, "Somebody else changed this in the meantime. Read it again."),
  key_change_refused: facts(409, false, "The encryption keys are not in a state that allows that."),
  key_in_use: facts(409, false, "Values are still sealed under that key."),
  payload_too_large: facts(413, false, "The body is too large."),
  unsupported_media_type: facts(415, false, "Send the body as application/json."),
  upstream_rejected: facts(422, false, "The server refused these values. Nothing was stored."),
  upstream_not_allowed: facts(
    422,
    false,
    "That address may not be dialled. Only public addresses are, unless KEYWARD_ALLOW_PRIVATE_UPSTREAMS lists them.",
  ),
  upstream_url_invalid: facts(422, false, "An upstream URL is absolute, https, without userinfo and fragment."),
  upstream_redirected: facts(422, false, "The server answered with a redirect. Redirects are never followed."),
  upstream_protocol: facts(422, false, "The server's answer is not MCP."),
  rate_limited: facts(429, true, "Too many requests. Wait a minute."),
  internal: facts(500, false, "Something went wrong inside the gateway. The log has the request id."),
  upstream_unreachable: facts(503, true, "The server could not be reached. Nothing was stored. Try again later."),
  credential_store_unavailable: facts(503, true, "The credential store is not available right now. Try again later."),
  shutting_down: facts(503, true, "This gateway is about to stop and takes nothing new. Try again."),
  credential_unreadable: facts(503, false, "A stored value cannot be opened with the keys at hand."),
  config_invalid: facts(500, false, "The configuration is not acceptable."),
  encryption_key_missing: facts(500, false, "No encryption key is configured."),
  encryption_key_invalid: facts(500, false, "The encryption key is not acceptable."),
  encryption_key_wrong: facts(500, false, "The encryption key does not open this database."),
  store_unusable: facts(500, false, "The database cannot be used."),
  migration_failed: facts(500, false, "The database schema could not be brought up to date."),
  move_refused: facts(409, false, "The database that is to be filled is not empty."),
  move_failed: facts(500, false, "The database could not be copied."),
  backup_failed: facts(500, false, "The backup could not be made."),
  port_in_use: facts(500, false, "The port is in use."),
  gateway_unreachable: facts(503, true, "Keyward does not answer."),
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** Allow-listed facts for the reader. Names and numbers only; never a value, token or foreign text. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * The one error class of Keyward.
 *
 * `message` is public: it may be shown to the caller. Whatever else is known goes into `cause`, which is never sent
 * and only logged by name.
 */
export class KeywardError extends Error {
  override readonly name = "KeywardError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(
    code: ErrorCode,
    options: { readonly message?: string; readonly details?: ErrorDetails; readonly cause?: unknown } = {},
  ) {
    super(options.message ?? ERROR_TABLE[code].message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  get isRetryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }
}

/** True when `error` is a `KeywardError`, of that code if one is given. */
export function isKeywardError(error: unknown, code?: ErrorCode): error is KeywardError {
  return error instanceof KeywardError && (code === undefined || error.code === code);
}
