/* The REST API as the dashboard uses it, in the form that openapi-typescript generates. */

type Empty = undefined;

interface Sends<Body> {
  content: { "application/json": Body };
}

type Operation<Answer, Input extends { path?: object; query?: object; body?: object }> = {
  parameters: (Input["path"] extends object ? { path: Input["path"] } : { path?: never }) &
    (Input["query"] extends object ? { query?: Input["query"] } : { query?: never });
  responses: {
    200: { content: Answer extends Empty ? never : { "application/json": Answer } };
    default: { content: { "application/json": ErrorBody } };
  };
} & (Input["body"] extends object ? { requestBody: Sends<Input["body"]> } : { requestBody?: never });

interface Get<Answer, Input extends { path?: object; query?: object } = object> {
  get: Operation<Answer, Input>;
}
interface Post<Answer, Input extends { path?: object; query?: object; body?: object } = object> {
  post: Operation<Answer, Input>;
}
interface Patch<Answer, Input extends { path?: object; query?: object; body?: object } = object> {
  patch: Operation<Answer, Input>;
}
interface Delete<Answer, Input extends { path?: object; query?: object } = object> {
  delete: Operation<Answer, Input>;
}

interface Id {
  path: { id: string };
}

interface Page {
  limit?: number;
  cursor?: string | null;
}

export interface Listed<T> {
  items: T[];
  next_cursor: string | null;
}

interface ErrorBody {
  error: { code: string; message: string; details?: Record<string, string | number | boolean | string[]> };
}

export type Role = "admin" | "user";

export type AuthMode = "user" | "virtual_key" | "session";

export interface User {
  id: string;
  name: string;
  email: string;
  role: Role;
  enabled: boolean;
  invited: boolean;
  created_at: number;
  updated_at: number;
}

interface Entered {
  user: User;
  csrf_token: string;
}

export interface SignInOptions {
  setup_open: boolean;
  password: boolean;
  sso: { label: string } | null;
}

export interface Origin {
  client: string | null;
  address: string | null;
}

export type Connection = "not_needed" | "missing" | "active" | "needs_update" | "rejected";

export type Verification = "proven" | "accepted";

export interface MyServer {
  id: string;
  name: string;
  url_origin: string;
  connection: Connection;
  credential_id: string | null;
  tools_count: number;
  set_at: number | null;
  set_from: Origin | null;
  last_used_at: number | null;
  verification: Verification | null;
}

export interface Me {
  admin: { id: string; name: string } | null;
  user: { id: string; name: string; email: string; role: Role } | null;
  csrf_token: string | null;
  identity: { auth_mode: AuthMode; id: string; name: string | null } | null;
  servers: MyServer[];
}

export interface SignInSession {
  id: string;
  current: boolean;
  created_at: number;
  expires_at: number;
  address: string | null;
  client: string | null;
}

export interface Invitation {
  name: string;
  email: string;
  expires_at: number;
}

export interface VirtualKey {
  id: string;
  name: string;
  prefix: string;
  owner_user_id: string | null;
  enabled: boolean;
  expires_at: number | null;
  rate_limit_per_minute: number | null;
  created_by: string;
  created_at: number;
  last_used_at: number | null;
}

export interface IssuedKey extends VirtualKey {
  key: string;
}

export interface App {
  id: string;
  client: { name: string; host: string | null };
  user: { id: string; name: string };
  created_at: number;
  last_used_at: number | null;
  scopes: string[];
}

export interface Consent {
  client: { name: string; host: string | null; verified: boolean; redirect_host: string };
  scopes: string[];
  user: { id: string; name: string };
}

export interface StartedFlow {
  flow_id: string;
  url: string;
  expires_at: number;
}

export interface TestResult {
  outcome: "accepted" | "rejected" | "unknown";
  verification: Verification | null;
  step: string | null;
  code: string | null;
}

export interface paths {
  "/api/v1/sign-in-options": Get<SignInOptions>;
  "/api/v1/setup/admin": Post<
    Entered,
    { body: { setup_token: string; name: string; email: string; password: string } }
  >;
  "/api/v1/session": Post<Entered, { body: { email: string; password: string } }> & Delete<Empty>;
  "/api/v1/sessions": Get<{ items: SignInSession[] }> & Delete<Empty>;
  "/api/v1/sessions/{id}": Delete<Empty, Id>;
  "/api/v1/invites/view": Post<Invitation, { body: { token: string } }>;
  "/api/v1/invites/accept": Post<Entered, { body: { token: string; password: string } }>;
  "/api/v1/me": Get<Me> & Patch<Me, { body: { name?: string; password?: { current: string; new: string } } }>;
  "/api/v1/users": Get<Listed<User>, { query: Page & { q?: string; role?: Role; enabled?: boolean; group?: string } }>;
  "/api/v1/servers/{id}/flow": Post<StartedFlow, Id>;
  "/api/v1/credentials/{id}/flow": Post<StartedFlow, Id>;
  "/api/v1/credentials/{id}/test": Post<TestResult, Id>;
  "/api/v1/credentials/{id}": Delete<Empty, Id>;
  "/api/v1/virtual-keys": Get<Listed<VirtualKey>, { query: Page & { owner?: string; q?: string } }> &
    Post<
      IssuedKey,
      {
        body: {
          name: string;
          owner_user_id?: string | null;
          expires_at?: number | null;
          rate_limit_per_minute?: number | null;
        };
      }
    >;
  "/api/v1/virtual-keys/{id}": Patch<
    VirtualKey,
    Id & { body: { name?: string; enabled?: boolean; expires_at?: number | null } }
  > &
    Delete<Empty, Id>;
  "/api/v1/virtual-keys/{id}/rotate": Post<IssuedKey, Id & { body: { overlap_seconds: number } }>;
  "/api/v1/apps": Get<Listed<App>, { query: Page & { all?: boolean } }>;
  "/api/v1/apps/{id}": Delete<Empty, Id>;
  "/api/v1/oauth/consent/{uid}": Get<Consent, { path: { uid: string } }> &
    Post<{ redirect_to: string }, { path: { uid: string }; body: { decision: "allow" | "deny" } }>;
}
