/**
 * One consistent example of every shape that has text of its own, by the shape's name in the API description. What is
 * not here is made of its parts. A test holds each against its shape.
 */
const AT = 1_785_000_000_000;
const HOUR = 3_600_000;

const ADA = {
  id: "usr_8Jm3k0Qw1nYb5sVtZc2rLg",
  name: "Ada Lovelace",
  email: "ada@example.com",
  role: "user",
  enabled: true,
  invited: false,
  created_at: AT,
  updated_at: AT,
};

const ENGINEERING = { id: "grp_2hX9vKqTn4uJwE7yRb1sPA", name: "engineering", members_count: 12, created_at: AT };

const API_KEY_FIELD = {
  name: "X-API-Key",
  label: "API key",
  help: "From Settings, API keys. Read access is enough.",
  help_url: "https://tracker.example.com/settings/keys",
  secret: true,
  required: true,
  pattern: "trk_[A-Za-z0-9]{24}",
  pattern_hint: "A key begins with trk_ and has 24 more letters and digits.",
  choices: null,
  template: null,
};

const SERVER = {
  id: "srv_5tGh8Zk2QmVxN0cWyD3aLw",
  name: "tracker",
  url: "https://mcp.tracker.example.com/mcp",
  url_origin: "https://mcp.tracker.example.com",
  transport: "streamable_http",
  auth_type: "per_user_headers",
  header_schema: [API_KEY_FIELD],
  schema_revision: 1,
  static_header_names: [],
  allow_all_identities: false,
  link_policy: "inherit",
  verification: { probe_tool: { name: "whoami", arguments: {} }, negative_control: true },
  tools: null,
  status: "ready",
  discovered: {
    tools: [{ name: "search_issues", description: "Finds issues by text." }],
    era: "modern",
    protocol_version: "2026-07-28",
    server_name: "tracker",
    server_version: "4.2.0",
    at: AT,
  },
  version: 3,
  created_at: AT,
  updated_at: AT,
};

const KEY = {
  id: "vk_6Jw0n2vN0pXzqQkV8lq3Tg",
  name: "laptop",
  prefix: "kw_Zr8Qp",
  owner_user_id: ADA.id,
  owner_name: ADA.name,
  enabled: true,
  expires_at: null,
  rate_limit_per_minute: 120,
  created_by: ADA.id,
  created_at: AT,
  last_used_at: AT + HOUR,
  rotated_at: null,
  previous_works_until: null,
};

const CREDENTIAL = {
  id: "cred_9sLm4Yt1BvQeXw7uHk0jRA",
  server: { id: SERVER.id, name: SERVER.name },
  identity: { auth_mode: "user", id: ADA.id, name: ADA.name },
  url_origin: SERVER.url_origin,
  field_names: ["x-api-key"],
  schema_revision: 1,
  version: 1,
  status: "active",
  status_reason: null,
  orphaned_at: null,
  verification: "proven",
  verified_at: AT,
  last_used_at: AT + HOUR,
  set_at: AT,
  set_from: { client: "Firefox on Linux", address: "203.0.113.9" },
  created_at: AT,
  updated_at: AT,
};

const FLOW_ID = "flow_3nVb7KxP1cTqWz5mYd8gUw";

const LINK = { flow_id: FLOW_ID, url: `https://keys.example.com/connect/${FLOW_ID}`, expires_at: AT + HOUR / 4 };

const INVITE = {
  invite_url: "https://keys.example.com/invite#t=kwi_...",
  invite_expires_at: AT + 168 * HOUR,
};

const GRANT_TO_USER = { auth_mode: "user", identity: ADA.id, tools: null };
const GRANT_TO_GROUP = { group: ENGINEERING.id, tools: ["search_issues"] };

const ADMIN_TOKEN = { id: "adm_0kPz6RfWq3bXvYt9LmHsJg", name: "terraform", created_at: AT };

const CSRF_TOKEN = "n3Kd8sQx1vTzYb5mWc2rLgHjPa0eUf7i";

export const EXAMPLES: Readonly<Record<string, unknown>> = {
  AdminSetup: { setup_token: "kws_...", name: ADA.name, email: ADA.email, password: "..." },
  AdminToken: ADMIN_TOKEN,
  AuditEvent: {
    id: 4711,
    at: AT,
    actor: { kind: "identity", auth_mode: "user", id: ADA.id },
    action: "credential.stored",
    outcome: "ok",
    server_id: SERVER.id,
    identity: { auth_mode: "user", id: ADA.id },
    credential_id: CREDENTIAL.id,
    version: 1,
    request_id: "req_1gTqWz5mYd8nVb7KxP3cUw",
    address: "203.0.113.9",
    detail: { verification: "proven", fields: ["x-api-key"], client: "Firefox on Linux" },
    effects: null,
    previous_hash: "9f2c4e5d7a1b0c8e6f3a2d4b5c7e9f1a0b2c4d6e8f1a3b5c7d9e0f2a4b6c8d0e",
    hash: "1e3d5c7b9a8f0e2d4c6b8a0f1e3d5c7b9a8f0e2d4c6b8a0f1e3d5c7b9a8f0e2d",
  },
  ConnectedApp: {
    id: "app_3nVb7Tq0LxYc9sWzKd5mRg",
    client: { name: "Claude Code", host: "claude.ai" },
    user: { id: ADA.id, name: ADA.name },
    scopes: ["mcp"],
    created_at: AT,
    last_used_at: AT + HOUR,
  },
  ConsentAnswer: { decision: "allow" },
  ConsentAnswered: { redirect_to: "https://keys.example.com/oauth/authorize/Vd0c..." },
  ConsentQuestion: {
    client: { name: "Claude Code", host: "claude.ai", verified: true, redirect_host: "127.0.0.1:33418" },
    scopes: ["mcp"],
    user: { id: ADA.id, name: ADA.name, email: ADA.email },
  },
  AuditVerdict: {
    intact: true,
    events: 4711,
    broken_at: null,
    last_hash: "1e3d5c7b9a8f0e2d4c6b8a0f1e3d5c7b9a8f0e2d4c6b8a0f1e3d5c7b9a8f0e2d",
  },
  Credential: CREDENTIAL,
  CredentialCounts: { server_id: CREDENTIAL.server.id, active: 37, needs_update: 2, rejected: 1, orphaned: 0 },
  CredentialRevocation: { ids: [CREDENTIAL.id] },
  CredentialTest: { outcome: "accepted", verification: "proven", step: null, code: null },
  CredentialsRevoked: { revoked: 1 },
  Flow: {
    id: FLOW_ID,
    state: "pending",
    server: { name: SERVER.name, url_origin: SERVER.url_origin },
    identity: { auth_mode: "user", id: ADA.id, name: ADA.name },
    requested_by: { client_name: "ExampleClient", client_version: "2.1.0", address: "203.0.113.9" },
    requested_at: AT,
    expires_at: LINK.expires_at,
    now: AT,
    fields: [{ ...API_KEY_FIELD, name: "x-api-key", display_name: "X-API-Key", on_file: false, outdated: false }],
    static_header_names: [],
    credential: null,
    proof: "virtual_key",
    attempts_left: 5,
  },
  FlowResult: { credential_id: CREDENTIAL.id, status: "active", verification: "proven", version: 1 },
  FlowSubmission: { headers: { "X-API-Key": "..." } },
  Group: ENGINEERING,
  GroupGrant: { ...GRANT_TO_GROUP, name: ENGINEERING.name },
  GroupGrantInput: GRANT_TO_GROUP,
  GroupName: { name: ENGINEERING.name },
  Grants: {
    grants: [
      { ...GRANT_TO_USER, name: ADA.name },
      { ...GRANT_TO_GROUP, name: ENGINEERING.name },
    ],
  },
  GrantsInput: { grants: [GRANT_TO_USER, GRANT_TO_GROUP] },
  HeaderField: API_KEY_FIELD,
  HeaderFieldInput: API_KEY_FIELD,
  Identity: { auth_mode: "user", id: ADA.id, name: ADA.name },
  IdentityGrant: { ...GRANT_TO_USER, name: ADA.name },
  IdentityGrantInput: GRANT_TO_USER,
  Invite: INVITE,
  InvitedUser: { user: { ...ADA, invited: true }, ...INVITE },
  IssuedAdminToken: { ...ADMIN_TOKEN, token: "kwa_..." },
  IssuedVirtualKey: { ...KEY, key: "kw_..." },
  InviteAcceptance: { token: "kwi_...", password: "..." },
  InviteToken: { token: "kwi_..." },
  Invitation: { name: ADA.name, email: ADA.email, expires_at: INVITE.invite_expires_at },
  Me: {
    admin: null,
    user: { id: ADA.id, name: ADA.name, email: ADA.email, role: ADA.role },
    csrf_token: CSRF_TOKEN,
    identity: { auth_mode: "user", id: ADA.id, name: ADA.name },
    servers: [
      {
        id: SERVER.id,
        name: SERVER.name,
        url_origin: SERVER.url_origin,
        connection: "active",
        credential_id: CREDENTIAL.id,
        tools_count: 1,
        set_at: CREDENTIAL.set_at,
        set_from: CREDENTIAL.set_from,
        last_used_at: CREDENTIAL.last_used_at,
        verification: CREDENTIAL.verification,
      },
    ],
  },
  MePatch: { name: "Ada King" },
  MembersChange: { add: [ADA.id], remove: [] },
  NewAdminToken: { name: ADMIN_TOKEN.name },
  NewServer: {
    name: SERVER.name,
    url: SERVER.url,
    auth_type: SERVER.auth_type,
    header_schema: [API_KEY_FIELD],
    sample_headers: { "X-API-Key": "..." },
    verification: SERVER.verification,
  },
  NewUser: { name: ADA.name, email: ADA.email, role: ADA.role, group_ids: [ENGINEERING.id] },
  NewVirtualKey: { name: KEY.name, expires_at: null, rate_limit_per_minute: 120 },
  PasswordSignIn: { email: ADA.email, password: "..." },
  Preview: { preview: { orphaned: 3, reactivated: 0, needs_update: 0, people: 2 } },
  Readiness: { status: "ready", checks: { store: "ok", keys: "ok" } },
  Sample: { sample_headers: { "X-API-Key": "..." } },
  Server: SERVER,
  ServerPatch: { header_schema: [API_KEY_FIELD], tools: ["search_issues"] },
  Settings: {
    public_url: "https://keys.example.com",
    version: "1.0.0",
    database: "sqlite",
    oauth: { enabled: true, reason: null },
    sso: { label: "Example Corp", issuer: "https://login.example.com" },
    temp_token_links: false,
    session_identities: false,
    orphan_retention_days: 30,
    trusted_proxies: ["10.0.0.0/8"],
    allow_private_upstreams: [],
    warnings: [],
  },
  SetupRequest: { setup_token: "kws_...", name: "admin" },
  SetupResult: { id: ADMIN_TOKEN.id, name: "admin", admin_token: "kwa_..." },
  SignedIn: { user: ADA, csrf_token: CSRF_TOKEN },
  SignInOptions: { setup_open: false, password: true, sso: { label: "Example Corp" } },
  StartedFlow: LINK,
  User: ADA,
  UserPatch: { role: "admin" },
  UserSession: {
    id: "1mXq8TzYb5mWc2rLgHjPa0eUf7in3Kd8",
    current: true,
    created_at: AT,
    expires_at: AT + 168 * HOUR,
    address: "203.0.113.9",
    client: "Firefox on Linux",
  },
  UserWithGroups: { ...ADA, groups: [{ id: ENGINEERING.id, name: ENGINEERING.name }] },
  VirtualKey: KEY,
  VirtualKeyPatch: { name: "old laptop", enabled: false },
};
