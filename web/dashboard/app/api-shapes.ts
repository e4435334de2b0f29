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

export interface Origin {
  client: string | null;
  address: string | null;
}

type Verification = Schemas["VerificationStrength"];

export interface MyServer extends Known {
  set_at: number | null;
  set_from: Origin | null;
}

type Known = Schemas["Me"]["servers"][number];

export interface Me extends Omit<Schemas["Me"], "servers"> {
  servers: MyServer[];
}

export type SignInOptions = Schemas["SignInOptions"];
export type SignInSession = Schemas["UserSession"];
export type Invitation = Schemas["Invitation"];

export interface App {
  id: string;
  client: { name: string; host: string | null };
  user: { id: string; name: string };
  created_at: number;
  last_used_at: number | null;
  scopes: string[];
}

export interface Consent {
  client: { name: string | null; host: string | null; verified: boolean; redirect_host: string };
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
  "/api/v1/me": { get: Asks<Me>; patch: Sends<Me, Schemas["MePatch"]> };
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
