import createClient from "openapi-fetch";
import type { paths } from "./api-shapes.ts";
import { csrfToken } from "./csrf.ts";

/** The REST API: `api.GET("/api/v1/users", { params: { query: { q } } })`. Give the promise to `answer()`. */
export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

api.use({
  onRequest({ request }) {
    const token = csrfToken();
    if (token !== null && request.method !== "GET") request.headers.set("Keyward-CSRF", token);
    return request;
  },
});

/** What the API refuses, or that it was not reached. `message` is written for the person who reads it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** 0 = no answer came. */
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

interface Outcome<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** @throws ApiError unless the API did what was asked */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "gateway_unreachable", "Keyward does not answer. Check your connection.");
  }
  const { data, error, response } = outcome;
  if (response.ok) return data as T;
  throw refusalOf(response.status, error);
}

function refusalOf(status: number, body: unknown): ApiError {
  const error = (body as { error?: { code?: string; message?: string; details?: Record<string, unknown> } } | undefined)
    ?.error;
  return new ApiError(
    status,
    error?.code ?? "unknown",
    error?.message ?? `Keyward answered with status ${status}.`,
    error?.details,
  );
}

/** What to show of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong on this page. Reload it.";
}
