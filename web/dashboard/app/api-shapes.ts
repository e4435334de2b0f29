import type { paths, Schemas } from "../../../src/client/api-types.ts";

/* What the generated client does not know yet, in the form it is generated in. */

interface Answers<Answer> {
  200: { content: { "application/json": Answer } };
}

interface NoParameters {
  query?: never;
  header?: never;
  path?: never;
  cookie?: never;
}

interface PathParameters<P> extends Omit<NoParameters, "path"> {
  path: P;
}

interface Asks<Answer, Parameters = NoParameters> {
  parameters: Parameters;
  requestBody?: never;
  responses: Answers<Answer>;
}

interface Sends<Answer, Body, Parameters = NoParameters> {
  parameters: Parameters;
  requestBody: { content: { "application/json": Body } };
  responses: Answers<Answer>;
}

interface Done<Parameters = NoParameters> {
  parameters: Parameters;
  requestBody?: never;
  responses: { 204: { content?: never } };
}

export interface Listed<T> {
  items: T[];
  next_cursor: string | null;
}

export type Role = Schemas["User"]["role"];
export type User = Schemas["User"];
export type VirtualKey = Schemas["VirtualKey"];

export interface SignInOptions {
  setup_open: boolean;
  password: boolean;
  sso: { label: string } | null;
}

interface Entered {
  user: User;
  csrf_token: string;
}

export interface Origin {
  client: string | null;
  address: string | null;
}

type Verification = "proven" | "accepted";

export interface MyServer {
  id: string;
  name: string;
  url_origin: string;
  connection: "not_needed" | "missing" | "active" | "needs_update" | "rejected";
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
  identity: { auth_mode: Schemas["AuthMode"]; id: string; name: string | null } | null;
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

export interface TestResult {
  outcome: "accepted" | "rejected" | "unknown";
  verification: Verification | null;
  step: string | null;
  code: string | null;
}

interface Later {
  "/api/v1/sign-in-options": { get: Asks<SignInOptions> };
  "/api/v1/setup/admin": {
    post: Sends<Entered, { setup_token: string; name: string; email: string; password: string }>;
  };
  "/api/v1/session": { post: Sends<Entered, { email: string; password: string }>; delete: Done };
  "/api/v1/sessions": { get: Asks<{ items: SignInSession[] }>; delete: Done };
  "/api/v1/sessions/{id}": { delete: Done<PathParameters<{ id: string }>> };
  "/api/v1/invites/view": { post: Sends<Invitation, { token: string }> };
  "/api/v1/invites/accept": { post: Sends<Entered, { token: string; password: string }> };
  "/api/v1/me": {
    get: Asks<Me>;
    patch: Sends<Me, { name?: string; password?: { current: string; new: string } }>;
  };
  "/api/v1/credentials/{id}/test": { post: Asks<TestResult, PathParameters<{ id: string }>> };
  "/api/v1/apps": {
    get: Asks<Listed<App>, Omit<NoParameters, "query"> & { query?: { all?: "true"; limit?: number; cursor?: string } }>;
  };
  "/api/v1/apps/{id}": { delete: Done<PathParameters<{ id: string }>> };
  "/api/v1/oauth/consent/{uid}": {
    get: Asks<Consent, PathParameters<{ uid: string }>>;
    post: Sends<{ redirect_to: string }, { decision: "allow" | "deny" }, PathParameters<{ uid: string }>>;
  };
}

export type Paths = Omit<paths, keyof Later> & Later;
