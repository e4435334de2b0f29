// Generated from the API description by `node scripts/generate-client.ts`. Do not edit.

/* The shape in which openapi-fetch wants to know an API: by path, method and status. */

export interface Schemas {
  AdminSetup: {
    setup_token: string;
    name: string;
    email: string;
    password: string;
  };
  AdminToken: {
    id: string;
    name: string;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
  };
  AuditEvent: {
    id: number;
    /** Milliseconds since the epoch, UTC. */
    at: number;
    actor: {
      kind: "admin" | "identity" | "link" | "system";
      auth_mode: Schemas["AuthMode"] | null;
      /** Of the admin, the identity or the flow. */
      id: string | null;
    };
    action: "setup.completed" | "sign_in.succeeded" | "sign_in.failed" | "sign_in.ended" | "user.invited" | "user.joined" | "user.updated" | "user.deleted" | "group.created" | "group.updated" | "group.deleted" | "admin_token.created" | "admin_token.revoked" | "app.authorized" | "app.revoked" | "server.created" | "server.updated" | "server.verified" | "server.deleted" | "server.tools_changed" | "grants.replaced" | "virtual_key.created" | "virtual_key.updated" | "virtual_key.rotated" | "virtual_key.revoked" | "flow.requested" | "flow.opened" | "flow.opener_mismatch" | "flow.verification_refused" | "flow.verification_failed" | "credential.verified" | "credential.stored" | "credential.edited" | "credential.used" | "credential.rejected" | "credential.revoked" | "credential.swept" | "vault.rotated" | "vault.retired" | "vault.staged" | "vault.promoted" | "vault.unstaged";
    outcome: "ok" | "refused";
    server_id: string | null;
    identity: {
      auth_mode: Schemas["AuthMode"];
      id: string;
    } | null;
    credential_id: string | null;
    version: number | null;
    request_id: string | null;
    address: string | null;
    detail: {
      name?: string | undefined;
      fields?: string[] | undefined;
      verification?: string | undefined;
      reason?: string | undefined;
      orphaned?: number | undefined;
      reactivated?: number | undefined;
      needs_update?: number | undefined;
      changed?: string[] | undefined;
      group?: string | undefined;
      client?: string | undefined;
      deleted?: number | undefined;
      subjects?: string | undefined;
    } | null;
    /** With `credential`: what a change that touched many credentials did to this one. Else null; how many it touched is in `detail`. */
    effects: ("orphaned" | "reactivated" | "needs_update" | "active" | "deleted")[] | null;
    previous_hash: string;
    /** SHA-256 over the event and `previous_hash`. */
    hash: string;
  };
  AuditVerdict: {
    intact: boolean;
    /** Events that are as they were written, from the first on. */
    events: number;
    /** Id of the first event that is not, or before which one is missing. */
    broken_at: number | null;
    /** Of the last event that is as it was written. */
    last_hash: string;
  };
  AuthMode: "user" | "virtual_key" | "session";
  /** `none`: the server asks for nothing. `headers`: static headers, the same for everyone. `per_user_headers`: each identity gives its own. */
  AuthType: "none" | "headers" | "per_user_headers";
  ChangedGroup: Schemas["Group"] & {
    /** Credentials whose identity lost access. */
    orphaned: number;
    /** Credentials whose identity has access again. */
    reactivated: number;
    /** Credentials that no longer fit the server. */
    needs_update: number;
  };
  ChangedServer: Schemas["Server"] & {
    /** Credentials whose identity lost access. */
    orphaned: number;
    /** Credentials whose identity has access again. */
    reactivated: number;
    /** Credentials that no longer fit the server. */
    needs_update: number;
  };
  ChangedUser: Schemas["User"] & {
    /** Credentials whose identity lost access. */
    orphaned: number;
    /** Credentials whose identity has access again. */
    reactivated: number;
    /** Credentials that no longer fit the server. */
    needs_update: number;
  };
  ConnectedApp: {
    id: string;
    client: {
      /** As the client named itself. */
      name: string | null;
      /** The host that vouches for the client; null when it registered itself, so that anybody could be it. */
      host: string | null;
    };
    user: {
      id: string;
      name: string;
    };
    scopes: string[];
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    last_used_at: number | null;
  };
  ConsentAnswer: {
    decision: "allow" | "deny";
  };
  ConsentAnswered: {
    redirect_to: string;
  };
  ConsentQuestion: {
    client: {
      /** As the client named itself. */
      name: string | null;
      /** The host that vouches for the client, if one does. */
      host: string | null;
      /** Whether a host vouches for the client. `false`: it registered itself, and could be anybody. */
      verified: boolean;
      /** Where the answer goes: a host, or the scheme of an application. */
      redirect_host: string;
    };
    scopes: string[];
    /** As whom the client would act. */
    user: {
      id: string;
      name: string;
      email: string;
    };
  };
  Credential: {
    id: string;
    server: {
      id: string;
      name: string;
    };
    identity: Schemas["Identity"];
    /** The only origin the values are sent to. */
    url_origin: string;
    field_names: string[];
    schema_revision: number;
    /** 1 for the first value; +1 for each later one. */
    version: number;
    status: Schemas["CredentialStatus"];
    status_reason: string | null;
    /** Milliseconds since the epoch, UTC. */
    orphaned_at: number | null;
    verification: Schemas["VerificationStrength"] | null;
    /** Milliseconds since the epoch, UTC. */
    verified_at: number | null;
    /** Milliseconds since the epoch, UTC. */
    last_used_at: number | null;
    /** When these values were set. */
    set_at: number;
    set_from: Schemas["SetFrom"] | null;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    updated_at: number;
  };
  CredentialCounts: {
    server_id: string;
    active: number;
    needs_update: number;
    rejected: number;
    /** Without access, whatever else their state. */
    orphaned: number;
  };
  CredentialRevocation: {
    ids: string[];
  };
  CredentialStatus: "active" | "needs_update" | "rejected" | "orphaned";
  CredentialTest: {
    /** `rejected`: the server has refused the values twice, and nothing is sent with them any more. `unknown`: it could not be asked, or refuses a request and not the values; nothing is changed. */
    outcome: "accepted" | "rejected" | "unknown";
    verification: Schemas["VerificationStrength"] | null;
    /** Where the server refused. */
    step: "connect" | "list_tools" | "probe_tool" | null;
    /** Why it could not be asked. */
    code: "upstream_unreachable" | "upstream_redirected" | "upstream_not_allowed" | "upstream_protocol" | "upstream_url_invalid" | null;
  };
  CredentialsRevoked: {
    /** How many there were. */
    revoked: number;
  };
  Error: {
    error: {
      /** One of a closed list, see docs/errors.md. */
      code: "invalid_json" | "invalid_request" | "invalid_identity" | "invalid_header_schema" | "invalid_header_name" | "invalid_header_value" | "invalid_server_name" | "missing_header_values" | "invalid_email" | "invalid_password" | "unauthenticated" | "sign_in_failed" | "ambiguous_credentials" | "opener_unknown" | "forbidden" | "foreign_host" | "foreign_origin" | "csrf_failed" | "access_denied" | "not_found" | "flow_not_found" | "server_not_found" | "credential_not_found" | "virtual_key_not_found" | "user_not_found" | "group_not_found" | "session_not_found" | "app_not_found" | "consent_not_found" | "admin_token_not_found" | "invite_not_found" | "method_not_allowed" | "flow_busy" | "name_taken" | "email_taken" | "last_admin" | "schema_changed" | "setup_done" | "stale_update" | "key_change_refused" | "key_in_use" | "payload_too_large" | "unsupported_media_type" | "upstream_rejected" | "upstream_not_allowed" | "upstream_url_invalid" | "upstream_redirected" | "upstream_protocol" | "rate_limited" | "internal" | "upstream_unreachable" | "credential_store_unavailable" | "shutting_down" | "credential_unreadable" | "config_invalid" | "encryption_key_missing" | "encryption_key_invalid" | "encryption_key_wrong" | "store_unusable" | "migration_failed" | "move_refused" | "move_failed" | "backup_failed" | "port_in_use" | "gateway_unreachable";
      /** For a person to read. It never quotes a value. */
      message: string;
      /** Facts for a program, by code. */
      details?: Record<string, string | number | boolean | string[]> | undefined;
    };
  };
  Flow: {
    id: string;
    state: "pending" | "verifying";
    server: {
      name: string;
      url_origin: string;
    };
    identity: Schemas["Identity"];
    requested_by: {
      client_name: string | null;
      client_version: string | null;
      address: string | null;
    };
    /** Milliseconds since the epoch, UTC. */
    requested_at: number;
    /** Milliseconds since the epoch, UTC. */
    expires_at: number;
    /** Milliseconds since the epoch, UTC. */
    now: number;
    fields: ({
      /** Lower-case header name: the key of `headers` in the PUT. */
      name: string;
      display_name: string;
      label: string;
      help: string;
      help_url: string | null;
      secret: boolean;
      required: boolean;
      pattern: string | null;
      pattern_hint: string | null;
      choices: string[] | null;
      /** `{value}` stands for what is typed. */
      template: string | null;
      /** A value is stored; leave the field blank to keep it. */
      on_file: boolean;
      /** A value is stored that was given before the field expected what it expects now: it has to be given again. */
      outdated: boolean;
    })[];
    static_header_names: string[];
    credential: {
      status: "active" | "needs_update" | "rejected" | "orphaned";
      /** Milliseconds since the epoch, UTC. */
      updated_at: number;
      set_from: Schemas["SetFrom"] | null;
    } | null;
    proof: "temp_token" | "virtual_key" | "session" | "admin" | "user";
    attempts_left: number;
  };
  FlowResult: {
    credential_id: string;
    status: "active";
    verification: Schemas["VerificationStrength"];
    version: number;
  };
  FlowStatus: {
    state: "pending" | "verifying" | "completed";
  };
  FlowSubmission: {
    /** Header name, in any letter case, to value. */
    headers: Record<string, string>;
  };
  Grants: {
    grants: (Schemas["IdentityGrant"] | Schemas["GroupGrant"])[];
  };
  GrantsInput: {
    grants: (Schemas["IdentityGrantInput"] | Schemas["GroupGrantInput"])[];
  };
  Group: {
    id: string;
    name: string;
    members_count: number;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
  };
  GroupGrant: {
    /** Id of a group. */
    group: string;
    /** Tools that may be used with this grant; null = all that the server allows. */
    tools: string[] | null;
    /** Of the user, the virtual key or the group; null = it has none. */
    name: string | null;
  };
  GroupGrantInput: {
    /** Id of a group. */
    group: string;
    /** Tools that may be used with this grant; null = all that the server allows. */
    tools?: string[] | null | undefined;
    /** Ignored: as a list gives it. */
    name?: string | null | undefined;
  };
  GroupName: {
    /** Unique, whatever the letter case. */
    name: string;
  };
  HeaderField: {
    /** As the administrator wrote it; letter case does not matter. */
    name: string;
    label: string;
    help: string;
    help_url: string | null;
    secret: boolean;
    required: boolean;
    pattern: string | null;
    pattern_hint: string | null;
    choices: string[] | null;
    /** `{value}` stands for what is typed. */
    template: string | null;
  };
  HeaderFieldInput: {
    name: string;
    label?: string | undefined;
    help?: string | undefined;
    help_url?: string | null | undefined;
    /** Whether the input hides what is typed. Default true, with `choices` false. */
    secret?: boolean | undefined;
    /** Default true. */
    required?: boolean | undefined;
    /** A regular expression that the whole typed value must match, without look-around, references and lazy repetitions: 1 to 500 characters. Matched in linear time. Not together with `choices`. */
    pattern?: string | null | undefined;
    /** A sentence that says what the pattern expects: what a person reads whose value does not match it. */
    pattern_hint?: string | null | undefined;
    /** The only values there are, 1 to 50: the form shows a list instead of an input. */
    choices?: string[] | null | undefined;
    /** The header value, with `{value}` once where the typed value goes. Typed with it or without, the value is stored and sent in it. */
    template?: string | null | undefined;
  };
  Identity: {
    auth_mode: Schemas["AuthMode"];
    id: string;
    /** Of the user or the virtual key; null for a session. */
    name: string | null;
  };
  IdentityGrant: {
    auth_mode: Schemas["AuthMode"];
    /** Id of a user, a virtual key or a session. */
    identity: string;
    /** Tools that may be used with this grant; null = all that the server allows. */
    tools: string[] | null;
    /** Of the user, the virtual key or the group; null = it has none. */
    name: string | null;
  };
  IdentityGrantInput: {
    auth_mode: Schemas["AuthMode"];
    /** Id of a user, a virtual key or a session. */
    identity: string;
    /** Tools that may be used with this grant; null = all that the server allows. */
    tools?: string[] | null | undefined;
    /** Ignored: as a list gives it. */
    name?: string | null | undefined;
  };
  Invitation: {
    name: string;
    email: string;
    /** Milliseconds since the epoch, UTC. */
    expires_at: number;
  };
  Invite: {
    /** For that person to open. Shown in this answer and never again; it carries a secret after `#`. */
    invite_url: string;
    /** Milliseconds since the epoch, UTC. */
    invite_expires_at: number;
  };
  InviteAcceptance: {
    token: string;
    password: string;
  };
  InviteToken: {
    token: string;
  };
  InvitedUser: {
    user: Schemas["User"];
    /** For that person to open. Shown in this answer and never again; it carries a secret after `#`. */
    invite_url: string;
    /** Milliseconds since the epoch, UTC. */
    invite_expires_at: number;
  };
  IssuedAdminToken: Schemas["AdminToken"] & {
    token: string;
  };
  IssuedVirtualKey: Schemas["VirtualKey"] & {
    key: string;
  };
  /** `inherit`: what the deployment allows. `key_proof`: whoever opens a link must present the key, even where a link alone would do. */
  LinkPolicy: "inherit" | "key_proof";
  Me: {
    /** Who administers: an admin token, or a user with that role. */
    admin: {
      id: string;
      name: string;
    } | null;
    /** Whoever is signed in to the dashboard; null for a token or key. */
    user: {
      id: string;
      name: string;
      email: string;
      role: Schemas["Role"];
    } | null;
    /** For the header `Keyward-CSRF` of whatever changes something; null without a session. */
    csrf_token: string | null;
    identity: Schemas["Identity"] | null;
    /** Servers that the identity may use, by name. Empty for an admin token. */
    servers: ({
      id: string;
      name: string;
      url_origin: string;
      /** `not_needed`: the server asks this identity for nothing. */
      connection: "not_needed" | "missing" | "active" | "needs_update" | "rejected";
      credential_id: string | null;
      /** Tools that this identity may use there. */
      tools_count: number;
      /** Milliseconds since the epoch, UTC. */
      set_at: number | null;
      set_from: Schemas["SetFrom"] | null;
      /** Milliseconds since the epoch, UTC. */
      last_used_at: number | null;
      verification: Schemas["VerificationStrength"] | null;
    })[];
  };
  MePatch: {
    name?: string | undefined;
    password?: {
      current: string;
      new: string;
    } | undefined;
  };
  MembersChange: {
    /** Ids of users. */
    add?: string[] | undefined;
    /** Ids of users. */
    remove?: string[] | undefined;
  };
  NewAdminToken: {
    name: string;
  };
  NewServer: {
    /** a-z, 0-9 and _, 1 to 32, unique. */
    name: string;
    url: string;
    auth_type: Schemas["AuthType"];
    header_schema?: Schemas["HeaderFieldInput"][] | undefined;
    /** Header name to value, sent with every request to the server. Stored encrypted, never shown. */
    static_headers?: Record<string, string> | undefined;
    /** Values for one verification. Never stored. */
    sample_headers?: Record<string, string> | undefined;
    allow_all_identities?: boolean | undefined;
    link_policy?: Schemas["LinkPolicy"] | undefined;
    verification?: {
      /** A harmless tool that only works with a valid key; called during verification. Without one, a server that lists its tools to anybody accepts any value. */
      probe_tool?: {
        name: string;
        arguments?: Record<string, unknown> | undefined;
      } | null | undefined;
      /** Whether a wrong value is tried too, to tell `proven` from `accepted`. Default true. */
      negative_control?: boolean | undefined;
    } | undefined;
    /** Tools that may be used; null = all. */
    tools?: string[] | null | undefined;
  };
  NewUser: {
    name: string;
    email: string;
    role?: Schemas["Role"] | undefined;
    group_ids?: string[] | undefined;
  };
  NewVirtualKey: {
    name: string;
    owner_user_id?: string | null | undefined;
    /** Milliseconds since the epoch, UTC. */
    expires_at?: number | null | undefined;
    /** Calls per minute; null = no limit. */
    rate_limit_per_minute?: number | null | undefined;
  };
  PasswordSignIn: {
    email: string;
    password: string;
  };
  Preview: {
    preview: {
      /** Credentials whose identity lost access. */
      orphaned: number;
      /** Credentials whose identity has access again. */
      reactivated: number;
      /** Credentials that no longer fit the server. */
      needs_update: number;
      /** How many identities have a credential that would change, or go. */
      people: number;
    };
  };
  Readiness: {
    status: "ready" | "not_ready";
    checks: Record<string, "ok" | "failed">;
  };
  ReplacedGrants: Schemas["Grants"] & {
    /** Credentials whose identity lost access. */
    orphaned: number;
    /** Credentials whose identity has access again. */
    reactivated: number;
    /** Credentials that no longer fit the server. */
    needs_update: number;
  };
  /** `admin`: may do everything here. `user`: sees and changes what is its own. */
  Role: "admin" | "user";
  Rotation: {
    /** How long the old key works on: 0 to 30 days. Default one day. */
    overlap_seconds?: number | undefined;
  };
  Sample: {
    /** Values for one verification. Never stored. */
    sample_headers?: Record<string, string> | undefined;
  };
  Server: {
    id: string;
    name: string;
    url: string;
    url_origin: string;
    transport: "streamable_http";
    auth_type: Schemas["AuthType"];
    header_schema: Schemas["HeaderField"][];
    schema_revision: number;
    static_header_names: string[];
    allow_all_identities: boolean;
    link_policy: Schemas["LinkPolicy"];
    verification: {
      probe_tool: {
        name: string;
        arguments: Record<string, unknown>;
      } | null;
      negative_control: boolean;
    };
    tools: string[] | null;
    status: "pending_verification" | "ready" | "disabled";
    /** What the last verification found; null before the first. Text of the server's own. */
    discovered: {
      tools: ({
        name: string;
        description: string | null;
      })[];
      era: "legacy" | "modern";
      protocol_version: string;
      server_name: string | null;
      server_version: string | null;
      /** Milliseconds since the epoch, UTC. */
      at: number;
    } | null;
    version: number;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    updated_at: number;
  };
  ServerPatch: {
    name?: string | undefined;
    url?: string | undefined;
    header_schema?: Schemas["HeaderFieldInput"][] | undefined;
    /** Header name to value, sent with every request to the server. Stored encrypted, never shown. */
    static_headers?: Record<string, string> | undefined;
    allow_all_identities?: boolean | undefined;
    link_policy?: Schemas["LinkPolicy"] | undefined;
    verification?: {
      probe_tool: {
        name: string;
        arguments?: Record<string, unknown> | undefined;
      } | null;
      negative_control: boolean;
    } | undefined;
    tools?: string[] | null | undefined;
    enabled?: boolean | undefined;
  };
  SetFrom: {
    /** Words of a closed list, such as `Firefox on Linux`. */
    client: string | null;
    address: string | null;
  };
  Settings: {
    public_url: string;
    version: string;
    database: "sqlite" | "postgres";
    oauth: {
      enabled: boolean;
      /** Why it is off; null when it is on. */
      reason: string | null;
    };
    /** Single sign-on; null when none is configured. */
    sso: {
      label: string;
      issuer: string;
    } | null;
    temp_token_links: boolean;
    session_identities: boolean;
    /** 0 = for ever. */
    orphan_retention_days: number;
    trusted_proxies: string[];
    allow_private_upstreams: string[];
    /** Checks that the configuration weakens, as at every start. */
    warnings: string[];
  };
  SetupRequest: {
    setup_token: string;
    name?: string | undefined;
  };
  SetupResult: {
    id: string;
    name: string;
    admin_token: string;
  };
  SignInOptions: {
    /** A setup token waits for the first administrator. */
    setup_open: boolean;
    password: true;
    /** Single sign-on, if there is. */
    sso: {
      label: string;
    } | null;
  };
  SignedIn: {
    user: Schemas["User"];
    /** For the header `Keyward-CSRF` of whatever changes something. The same as long as the session. */
    csrf_token: string;
  };
  StartedFlow: {
    flow_id: string;
    /** For a person to open. May carry a secret after `#`: do not log it. */
    url: string;
    /** Milliseconds since the epoch, UTC. */
    expires_at: number;
  };
  User: {
    id: string;
    name: string;
    /** Lower-case; unique. */
    email: string;
    role: Schemas["Role"];
    /** A disabled user can neither sign in nor call. */
    enabled: boolean;
    /** An invitation is open, and there is no way to sign in yet. */
    invited: boolean;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    updated_at: number;
  };
  UserPatch: {
    name?: string | undefined;
    role?: Schemas["Role"] | undefined;
    enabled?: boolean | undefined;
  };
  UserSession: {
    id: string;
    /** The one that asks. */
    current: boolean;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    expires_at: number;
    address: string | null;
    /** As the client named itself. */
    client: string | null;
  };
  UserWithGroups: Schemas["User"] & {
    groups: {
      id: string;
      name: string;
    }[];
  };
  /** `proven`: a wrong value was refused, so the right one made the difference. `accepted`: the server took the value, but would perhaps take any. */
  VerificationStrength: "proven" | "accepted";
  VerifiedServer: Schemas["Server"] & {
    /** null: not verified, there was no sample. */
    verified: Schemas["VerificationStrength"] | null;
    /** In the order in which they were made; empty without a sample. */
    steps: Schemas["VerifiedStep"][];
  };
  /** `connect`, `list_tools` and `probe_tool` are made with the values, `negative_control` with wrong ones: it is `ok` when they are refused. `failed`: nothing was learned, or any value passes. An error names the steps that were made in `details.steps`, such as `list_tools:refused`. */
  VerifiedStep: {
    step: "connect" | "list_tools" | "probe_tool" | "negative_control";
    outcome: "ok" | "refused" | "failed" | "skipped";
    proves: "speaks_mcp" | "tools_known" | "tool_works" | "wrong_values_refused" | "any_value_passes" | "values_refused" | "nothing";
  };
  VirtualKey: {
    id: string;
    name: string;
    /** The first 8 characters of the key, to recognise it by. */
    prefix: string;
    /** The key acts as this user; null: as itself. */
    owner_user_id: string | null;
    owner_name: string | null;
    enabled: boolean;
    /** Milliseconds since the epoch, UTC. */
    expires_at: number | null;
    rate_limit_per_minute: number | null;
    created_by: string;
    /** Milliseconds since the epoch, UTC. */
    created_at: number;
    /** Milliseconds since the epoch, UTC. */
    last_used_at: number | null;
    /** Milliseconds since the epoch, UTC. */
    rotated_at: number | null;
    /** Until when the key before the last rotation works too; null = it does not. */
    previous_works_until: number | null;
  };
  VirtualKeyPatch: {
    name?: string | undefined;
    enabled?: boolean | undefined;
    /** Milliseconds since the epoch, UTC. */
    expires_at?: number | null | undefined;
    rate_limit_per_minute?: number | null | undefined;
  };
}

interface Failure {
  content: { "application/json": Schemas["Error"] };
}

export interface paths {
  "/api/v1/admin-tokens": {
    /** Admin tokens, newest first. */
    get: {
      parameters: {
        query?: {
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["AdminToken"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Make an admin token, for the command line and for programs. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["NewAdminToken"] } };
      responses: {
        201: { content: { "application/json": Schemas["IssuedAdminToken"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/admin-tokens/{id}": {
    /** Revoke an admin token. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/apps": {
    /** Apps that may act for me, newest first. */
    get: {
      parameters: {
        query?: {
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
          /** `true`: everybody's, for administrators. */
          all?: "true" | "false" | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["ConnectedApp"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/apps/{id}": {
    /** Disconnect an app: its tokens and streams end at once. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/audit": {
    /** What happened, newest first. */
    get: {
      parameters: {
        query?: {
          action?: "setup.completed" | "sign_in.succeeded" | "sign_in.failed" | "sign_in.ended" | "user.invited" | "user.joined" | "user.updated" | "user.deleted" | "group.created" | "group.updated" | "group.deleted" | "admin_token.created" | "admin_token.revoked" | "app.authorized" | "app.revoked" | "server.created" | "server.updated" | "server.verified" | "server.deleted" | "server.tools_changed" | "grants.replaced" | "virtual_key.created" | "virtual_key.updated" | "virtual_key.rotated" | "virtual_key.revoked" | "flow.requested" | "flow.opened" | "flow.opener_mismatch" | "flow.verification_refused" | "flow.verification_failed" | "credential.verified" | "credential.stored" | "credential.edited" | "credential.used" | "credential.rejected" | "credential.revoked" | "credential.swept" | "vault.rotated" | "vault.retired" | "vault.staged" | "vault.promoted" | "vault.unstaged" | undefined;
          /** Id of a server. */
          server?: string | undefined;
          /** Id of a credential: events about it alone, and changes of many that touched it. */
          credential?: string | undefined;
          auth_mode?: Schemas["AuthMode"] | undefined;
          /** Identity id; needs `auth_mode`. */
          identity?: string | undefined;
          /** Who did it: `admin:<id>`, `<auth mode>:<id>`, `link:<flow id>` or `system`. */
          actor?: string | undefined;
          outcome?: "ok" | "refused" | undefined;
          /** Milliseconds since the epoch: only events at or after. */
          since?: number | undefined;
          /** Milliseconds since the epoch: only events before. */
          until?: number | undefined;
          format?: "json" | "jsonl" | undefined;
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["AuditEvent"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        }; "application/x-ndjson": string } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/audit/verify": {
    /** Whether the log is as it was written. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": Schemas["AuditVerdict"] } };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credential-counts": {
    /** How many credentials each server has, by state. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": {
          items: Schemas["CredentialCounts"][];
        } } };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credentials": {
    /** Stored credentials, newest first, without their values. */
    get: {
      parameters: {
        query?: {
          /** Id of a server. */
          server?: string | undefined;
          status?: Schemas["CredentialStatus"] | undefined;
          auth_mode?: Schemas["AuthMode"] | undefined;
          /** Identity id; needs `auth_mode`. */
          identity?: string | undefined;
          /** Part of the server's name, the virtual key's name or the identity id, in any letter case. */
          q?: string | undefined;
          /** `true`: only one's own, for an administrator too. */
          own?: boolean | undefined;
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["Credential"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credentials/revoke": {
    /** Revoke several credentials. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["CredentialRevocation"] } };
      responses: {
        200: { content: { "application/json": Schemas["CredentialsRevoked"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credentials/{id}": {
    /** Revoke a credential. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** One credential, without its values. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Credential"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credentials/{id}/flow": {
    /** Make a link to change the values of a credential. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody?: { content: { "application/json": Record<string, never> } };
      responses: {
        201: { content: { "application/json": Schemas["StartedFlow"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/credentials/{id}/test": {
    /** Verify stored values with their server now. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody?: { content: { "application/json": Record<string, never> } };
      responses: {
        200: { content: { "application/json": Schemas["CredentialTest"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/flows/{id}": {
    /** What a link asks for. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Flow"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Verify values with the server, then store them. */
    put: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody: { content: { "application/json": Schemas["FlowSubmission"] } };
      responses: {
        200: { content: { "application/json": Schemas["FlowResult"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        422: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/flows/{id}/status": {
    /** How far a flow is. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["FlowStatus"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/groups": {
    /** Groups, by name. */
    get: {
      parameters: {
        query?: {
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["Group"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Make a group. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["GroupName"] } };
      responses: {
        201: { content: { "application/json": Schemas["Group"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/groups/{id}": {
    /** Delete a group, with its grants. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Preview"] } };
        204: { content?: never };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** One group. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Group"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Rename a group. */
    patch: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody: { content: { "application/json": Schemas["GroupName"] } };
      responses: {
        200: { content: { "application/json": Schemas["Group"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/groups/{id}/members": {
    /** Members of a group, by name. */
    get: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["User"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Add and remove members. */
    patch: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      requestBody: { content: { "application/json": Schemas["MembersChange"] } };
      responses: {
        200: { content: { "application/json": Schemas["ChangedGroup"] | Schemas["Preview"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/invites/accept": {
    /** Choose a password by an invitation, and be signed in. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["InviteAcceptance"] } };
      responses: {
        200: { content: { "application/json": Schemas["SignedIn"] } };
        400: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/invites/view": {
    /** For whom an invitation is. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["InviteToken"] } };
      responses: {
        200: { content: { "application/json": Schemas["Invitation"] } };
        400: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/me": {
    /** Who I am, and how I am connected. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": Schemas["Me"] } };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Change my name or password. */
    patch: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["MePatch"] } };
      responses: {
        200: { content: { "application/json": Schemas["Me"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/oauth/consent/{uid}": {
    /** What a client asks to be allowed. */
    get: {
      parameters: {
        path: {
          uid: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["ConsentQuestion"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Allow it, or do not; once. */
    post: {
      parameters: {
        path: {
          uid: string;
        };
      };
      requestBody: { content: { "application/json": Schemas["ConsentAnswer"] } };
      responses: {
        200: { content: { "application/json": Schemas["ConsentAnswered"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/servers": {
    /** Servers, by name. */
    get: {
      parameters: {
        query?: {
          name?: string | undefined;
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["Server"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Register a server. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["NewServer"] } };
      responses: {
        201: { content: { "application/json": Schemas["VerifiedServer"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        422: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/servers/{id}": {
    /** Delete a server, with its grants, credentials and links. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Preview"] } };
        204: { content?: never };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** One server. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Server"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Change a server. */
    patch: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      requestBody: { content: { "application/json": Schemas["ServerPatch"] } };
      responses: {
        200: { content: { "application/json": Schemas["ChangedServer"] | Schemas["Preview"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        422: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/servers/{id}/flow": {
    /** Make a link to give values before the first call. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody?: { content: { "application/json": Record<string, never> } };
      responses: {
        201: { content: { "application/json": Schemas["StartedFlow"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/servers/{id}/grants": {
    /** Who may use a server. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Grants"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Replace the grants of a server. */
    put: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      requestBody: { content: { "application/json": Schemas["GrantsInput"] } };
      responses: {
        200: { content: { "application/json": Schemas["ReplacedGrants"] | Schemas["Preview"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/servers/{id}/verify": {
    /** Verify a registered server with sample values, and discover its tools again. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody: { content: { "application/json": Schemas["Sample"] } };
      responses: {
        200: { content: { "application/json": Schemas["VerifiedServer"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        422: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/session": {
    /** Sign out here. */
    delete: {
      parameters: {};
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Sign in by e-mail address and password. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["PasswordSignIn"] } };
      responses: {
        200: { content: { "application/json": Schemas["SignedIn"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/sessions": {
    /** Sign out everywhere, here too. */
    delete: {
      parameters: {};
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Where I am signed in, newest first. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": {
          items: Schemas["UserSession"][];
        } } };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/sessions/{id}": {
    /** Sign out in one place. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/settings": {
    /** How this gateway is configured, without any secret. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": Schemas["Settings"] } };
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/setup": {
    /** Trade the one-time setup token for the first admin token. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["SetupRequest"] } };
      responses: {
        201: { content: { "application/json": Schemas["SetupResult"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/setup/admin": {
    /** Trade the one-time setup token for the first administrator, who is signed in. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["AdminSetup"] } };
      responses: {
        201: { content: { "application/json": Schemas["SignedIn"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        429: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/sign-in-options": {
    /** How people may sign in here. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": Schemas["SignInOptions"] } };
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/sso": {
    /** Go to the issuer of single sign-on. */
    get: {
      parameters: {
        query?: {
          /** Where to go in the end: a path of this gateway, such as `/connect/flow_...`. Default `/`. */
          next?: string | undefined;
        };
      };
      responses: {
        302: { content?: never };
        400: Failure;
        403: Failure;
        404: Failure;
        429: Failure;
        500: Failure;
      };
    };
  };
  "/api/v1/sso/callback/oidc": {
    /** Where the issuer sends the browser back. */
    get: {
      parameters: {};
      responses: {
        302: { content?: never };
        403: Failure;
        404: Failure;
        429: Failure;
        500: Failure;
      };
    };
  };
  "/api/v1/users": {
    /** Users, by name. */
    get: {
      parameters: {
        query?: {
          /** Part of the name or address, in any letter case. */
          q?: string | undefined;
          role?: Schemas["Role"] | undefined;
          /** Only users who are enabled, or only those who are not. */
          enabled?: boolean | undefined;
          /** Id of a group: only its members. */
          group?: string | undefined;
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["User"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Invite a user. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["NewUser"] } };
      responses: {
        201: { content: { "application/json": Schemas["InvitedUser"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/users/{id}": {
    /** Delete a user for good, with its credentials, virtual keys, connected apps and sessions. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Preview"] } };
        204: { content?: never };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** One user, with the groups it is in. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["UserWithGroups"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Change a user. */
    patch: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      requestBody: { content: { "application/json": Schemas["UserPatch"] } };
      responses: {
        200: { content: { "application/json": Schemas["ChangedUser"] | Schemas["Preview"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        409: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/users/{id}/invite": {
    /** Make a new invitation, as after a forgotten password. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        201: { content: { "application/json": Schemas["Invite"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/users/{id}/sessions": {
    /** Sign a user out everywhere. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        204: { content?: never };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/virtual-keys": {
    /** Virtual keys, newest first, without the revoked. */
    get: {
      parameters: {
        query?: {
          /** Id of a user: only the keys it owns. */
          owner?: string | undefined;
          /** Part of the key's name or of its first characters, in any letter case. */
          q?: string | undefined;
          /** Items per page, 1 to 500. Default 50. */
          limit?: number | undefined;
          /** `next_cursor` of the page before. */
          cursor?: string | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": {
          items: Schemas["VirtualKey"][];
          /** Pass it as `cursor`; null on the last page. */
          next_cursor: string | null;
        } } };
        400: Failure;
        401: Failure;
        403: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Make a virtual key. */
    post: {
      parameters: {};
      requestBody: { content: { "application/json": Schemas["NewVirtualKey"] } };
      responses: {
        201: { content: { "application/json": Schemas["IssuedVirtualKey"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/virtual-keys/{id}": {
    /** Revoke a virtual key for good. */
    delete: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["Preview"] } };
        204: { content?: never };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** One virtual key. */
    get: {
      parameters: {
        path: {
          id: string;
        };
      };
      responses: {
        200: { content: { "application/json": Schemas["VirtualKey"] } };
        401: Failure;
        403: Failure;
        404: Failure;
        500: Failure;
        503: Failure;
      };
    };
    /** Change a virtual key. */
    patch: {
      parameters: {
        path: {
          id: string;
        };
        query?: {
          /** `true`: answers what would happen, and changes nothing. */
          dry_run?: boolean | undefined;
        };
      };
      requestBody: { content: { "application/json": Schemas["VirtualKeyPatch"] } };
      responses: {
        200: { content: { "application/json": Schemas["VirtualKey"] | Schemas["Preview"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/api/v1/virtual-keys/{id}/rotate": {
    /** Replace a key by a new one, while the old one works on for a time. */
    post: {
      parameters: {
        path: {
          id: string;
        };
      };
      requestBody: { content: { "application/json": Schemas["Rotation"] } };
      responses: {
        200: { content: { "application/json": Schemas["IssuedVirtualKey"] } };
        400: Failure;
        401: Failure;
        403: Failure;
        404: Failure;
        413: Failure;
        415: Failure;
        500: Failure;
        503: Failure;
      };
    };
  };
  "/healthz": {
    /** Whether the process answers. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": {
          status: "ok";
        } } };
        500: Failure;
      };
    };
  };
  "/openapi.json": {
    /** This description. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": {
          openapi: string;
        } } };
        500: Failure;
      };
    };
  };
  "/readyz": {
    /** Whether traffic may come. */
    get: {
      parameters: {};
      responses: {
        200: { content: { "application/json": Schemas["Readiness"] } };
        500: Failure;
        503: { content: { "application/json": Schemas["Readiness"] } };
      };
    };
  };
}
