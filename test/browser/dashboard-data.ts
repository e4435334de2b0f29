import { ok, refused, type Reply } from "./stub-dashboard.ts";

/* Answers of the API as the dashboard meets them. Times are fixed to the clock of the browser by `NOW`. */

export const NOW = Date.UTC(2026, 10, 27, 12, 0);
const MINUTE = 60_000;
const DAY = 86_400_000;

export const ADA = { id: "usr_ada", name: "Ada Lovelace", email: "ada@example.com", role: "admin" };
export const BOB = { id: "usr_bob", name: "Bob Fisher", email: "bob@example.com", role: "user" };

const SERVER = {
  set_at: null,
  set_from: null,
  last_used_at: null,
  verification: null,
  credential_id: null,
  tools_count: 12,
};

export const SERVERS = [
  {
    ...SERVER,
    id: "srv_1",
    name: "billing",
    url_origin: "https://mcp.billing.example.com",
    connection: "active",
    credential_id: "cred_1",
    set_at: NOW - 2 * MINUTE,
    set_from: { client: "Firefox on Linux", address: "203.0.113.9" },
    last_used_at: NOW - MINUTE,
    verification: "proven",
  },
  {
    ...SERVER,
    id: "srv_2",
    name: "tracker",
    url_origin: "https://mcp.tracker.example.com",
    connection: "rejected",
    credential_id: "cred_2",
    set_at: NOW - 90 * DAY,
    set_from: { client: "Chrome on macOS", address: "198.51.100.24" },
    last_used_at: NOW - 3 * DAY,
    verification: "accepted",
  },
  {
    ...SERVER,
    id: "srv_3",
    name: "warehouse_with_a_long_name_of_32",
    url_origin: "https://a-host-with-a-rather-long-name.department.warehouse.example.com:8443",
    connection: "needs_update",
    credential_id: "cred_3",
    set_at: NOW - 9 * DAY,
    set_from: { client: null, address: "2001:db8:85a3:8d3:1319:8a2e:370:7348" },
  },
  { ...SERVER, id: "srv_4", name: "search", url_origin: "https://search.example.com", connection: "missing" },
  {
    ...SERVER,
    id: "srv_5",
    name: "weather",
    url_origin: "https://weather.example.com",
    connection: "not_needed",
    tools_count: 1,
  },
];

export const KEYS = [
  {
    id: "vk_1",
    name: "Laptop",
    prefix: "kw_a1B2c",
    owner_user_id: ADA.id,
    owner_name: ADA.name,
    enabled: true,
    expires_at: NOW + 80 * DAY,
    rate_limit_per_minute: 120,
    created_by: ADA.id,
    created_at: NOW - 10 * DAY,
    last_used_at: NOW - 4 * MINUTE,
    rotated_at: NOW - 60 * MINUTE,
    previous_works_until: NOW + 23 * 60 * MINUTE,
  },
  {
    id: "vk_2",
    name: "Nightly agent on build machine number seven in Frankfurt",
    prefix: "kw_Zz90q",
    owner_user_id: null,
    owner_name: null,
    enabled: false,
    expires_at: null,
    rate_limit_per_minute: null,
    created_by: ADA.id,
    created_at: NOW - 200 * DAY,
    last_used_at: null,
    rotated_at: null,
    previous_works_until: null,
  },
  {
    id: "vk_3",
    name: "Old laptop",
    prefix: "kw_Q4rs8",
    owner_user_id: BOB.id,
    owner_name: BOB.name,
    enabled: true,
    expires_at: NOW - DAY,
    rate_limit_per_minute: null,
    created_by: BOB.id,
    created_at: NOW - 366 * DAY,
    last_used_at: NOW - 2 * DAY,
    rotated_at: null,
    previous_works_until: null,
  },
];

export const NEW_KEY = `kw_${"Ab3".repeat(14)}x9LmNo2`;

const APPS = [
  {
    id: "app_1",
    client: { name: "Claude Code", host: "claude.ai" },
    user: { id: ADA.id, name: ADA.name },
    created_at: NOW - 12 * DAY,
    last_used_at: NOW - 5 * MINUTE,
    scopes: ["mcp", "offline_access"],
  },
  {
    id: "app_2",
    client: { name: "A client with a name that it chose for itself and made long", host: null },
    user: { id: BOB.id, name: BOB.name },
    created_at: NOW - 2 * DAY,
    last_used_at: null,
    scopes: ["mcp"],
  },
];

export const SESSIONS = [
  {
    id: "ses_1",
    current: true,
    created_at: NOW - 2 * 60 * MINUTE,
    expires_at: NOW + 7 * DAY,
    address: "203.0.113.9",
    client: "Firefox on Linux",
  },
  {
    id: "ses_2",
    current: false,
    created_at: NOW - 3 * DAY,
    expires_at: NOW + 4 * DAY,
    address: "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    client: "Safari on iOS",
  },
  { id: "ses_3", current: false, created_at: NOW - 5 * DAY, expires_at: NOW + 2 * DAY, address: null, client: null },
];

const page = (items: readonly unknown[]) => ok({ items, next_cursor: null });

export const person = (user: { id: string; name: string; email: string }) => ({
  ...user,
  enabled: true,
  invited: false,
  created_at: NOW - 30 * DAY,
  updated_at: NOW - 30 * DAY,
});

export function me(user: typeof ADA | null, servers: readonly unknown[] = SERVERS) {
  return ok({
    admin: user?.role === "admin" ? { id: user.id, name: user.name } : null,
    user,
    csrf_token: user === null ? null : "csrf-of-the-test",
    identity: user === null ? null : { auth_mode: "user", id: user.id, name: user.name },
    servers,
  });
}

export const SIGNED_OUT: Reply = refused(401, "unauthenticated", "Present one valid credential.");

export const OPTIONS = { setup_open: false, password: true, sso: null as { label: string } | null };

/** Everything there and well, for whoever is signed in. */
export function wellApi(user: typeof ADA): [call: string, reply: Reply][] {
  const entered = { user: person(user), csrf_token: "csrf-of-the-test" };
  return [
    ["GET /api/v1/me", me(user)],
    ["PATCH /api/v1/me", me(user)],
    ["GET /api/v1/sign-in-options", ok(OPTIONS)],
    ["POST /api/v1/session", ok(entered)],
    ["DELETE /api/v1/session", ok(undefined, 204)],
    ["GET /api/v1/sessions", ok({ items: SESSIONS })],
    ["DELETE /api/v1/sessions", ok(undefined, 204)],
    ["DELETE /api/v1/sessions/ses_2", ok(undefined, 204)],
    ["GET /api/v1/virtual-keys", page(KEYS)],
    ["POST /api/v1/virtual-keys", ok({ ...KEYS[0], key: NEW_KEY }, 201)],
    ["PATCH /api/v1/virtual-keys/vk_1", ok(KEYS[0])],
    ["DELETE /api/v1/virtual-keys/vk_1", ok(undefined, 204)],
    ["POST /api/v1/virtual-keys/vk_1/rotate", ok({ ...KEYS[0], key: NEW_KEY })],
    ["GET /api/v1/apps", page(APPS)],
    ["DELETE /api/v1/apps/app_1", ok(undefined, 204)],
    ["GET /api/v1/users", page([person(ADA), person(BOB)])],
    [
      "POST /api/v1/credentials/cred_1/test",
      ok({ outcome: "accepted", verification: "proven", step: null, code: null }),
    ],
    ["DELETE /api/v1/credentials/cred_1", ok(undefined, 204)],
    ["GET /api/v1/oauth/consent/uid_1", ok(CONSENT)],
    ["POST /api/v1/oauth/consent/uid_1", ok({ redirect_to: "/connect-a-client" })],
  ];
}

export const CONSENT = {
  client: { name: "Claude Code", host: "claude.ai", verified: true, redirect_host: "localhost:3118" },
  scopes: ["mcp", "offline_access"],
  user: { id: ADA.id, name: ADA.name },
};
