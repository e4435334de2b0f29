import { flowId } from "./link.ts";

/** One declared header, as the form asks for it. All text in it is the administrator's: untrusted here. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly display_name: string;
  readonly help: string;
  readonly help_url: string | null;
  readonly secret: boolean;
  readonly required: boolean;
  readonly pattern: string | null;
  readonly pattern_hint: string | null;
  readonly choices: readonly string[] | null;
  readonly template: string | null;
  readonly on_file: boolean;
  readonly outdated: boolean;
}

/** `GET /api/v1/flows/{id}`. Times are milliseconds since the epoch on the gateway's clock. */
export interface Flow {
  readonly state: "pending" | "verifying";
  readonly server: { readonly name: string; readonly url_origin: string };
  readonly identity: { readonly auth_mode: string; readonly id: string; readonly name: string | null };
  readonly requested_by: {
    readonly client_name: string | null;
    readonly client_version: string | null;
    readonly address: string | null;
  };
  readonly requested_at: number;
  readonly expires_at: number;
  readonly now: number;
  readonly fields: readonly Field[];
  readonly static_header_names: readonly string[];
  readonly credential: {
    readonly status: string;
    readonly updated_at: number;
    readonly set_from?: { readonly client: string | null; readonly address: string | null } | null;
  } | null;
  readonly proof: "temp_token" | "virtual_key" | "session" | "admin" | "user";
  readonly attempts_left: number;
}

/** `GET /api/v1/me`, as far as this page needs it. */
export interface Me {
  readonly user?: { readonly name: string; readonly email: string } | null;
  readonly csrf_token?: string | null;
}

export interface Refusal {
  /** 0 when no answer came, or none that the gateway itself wrote (a proxy's page). */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: {
    readonly field?: string;
    readonly fields?: readonly string[];
    readonly step?: string;
    /** Nothing was presented: signing in is one way to prove who one is. */
    readonly sign_in?: boolean;
  };
}

/** `error` is absent when the gateway did what was asked. */
export type Answer<T> =
  | { readonly body: T; readonly error?: undefined }
  | { readonly body?: undefined; readonly error: Refusal };

/** The request headers that prove the opener, or that a request comes from this page. */
export type Proof = Readonly<Record<string, string>>;

export const LOST: Refusal = { status: 0, code: "", message: "" };

/** Longer than the gateway takes to verify values. */
const TIMEOUT_MS = 90_000;

/** Asks for the flow, or with `headers` submits values. */
export function ask<T>(proof: Proof, path: string, headers?: object): Promise<Answer<T>> {
  return call(`flows/${flowId}${path}`, proof, headers);
}

/** Who is signed in, and the token by which the gateway knows requests of this page. */
export function askWhoIsSignedIn(): Promise<Answer<Me>> {
  return call("me", {});
}

/** Never rejects: a lost answer has the status 0. */
async function call<T>(path: string, proof: Proof, headers?: object): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method: headers ? "PUT" : "GET",
      headers: { ...proof, "Content-Type": "application/json" },
      body: headers ? JSON.stringify({ headers }) : null,
      cache: "no-store",
      credentials: "same-origin",
      referrerPolicy: "no-referrer",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await response.json()) as T & { readonly error?: Partial<Refusal> };
    if (response.ok) return { body };
    return { error: { code: "", message: "Something went wrong.", ...body.error, status: response.status } };
  } catch {
    return { error: LOST };
  }
}
