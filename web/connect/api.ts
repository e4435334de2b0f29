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
  readonly on_file: boolean;
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
  readonly credential: { readonly status: string; readonly updated_at: number } | null;
  readonly proof: "temp_token" | "virtual_key" | "session" | "admin";
  readonly attempts_left: number;
}

export interface Refusal {
  /** 0 when no answer came, or none that the gateway itself wrote (a proxy's page). */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: {
    readonly field?: string;
    readonly fields?: readonly string[];
    readonly attempts_left?: number;
  };
}

/** `error` is absent when the gateway did what was asked. */
export type Answer<T> =
  | { readonly body: T; readonly error?: undefined }
  | { readonly body?: undefined; readonly error: Refusal };

/** The request header that proves the opener. */
export type Proof = Readonly<Record<string, string>>;

export const LOST: Refusal = { status: 0, code: "", message: "" };

/** Longer than the gateway takes to verify values. */
const TIMEOUT_MS = 90_000;

/** Asks for the flow, or with `headers` submits values. Never rejects: a lost answer has the status 0. */
export async function ask<T>(proof: Proof, path: string, headers?: object): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/flows/${flowId}${path}`, {
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
