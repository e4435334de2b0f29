import createClient, { type Client } from "openapi-fetch";
import type { paths, Schemas } from "./api-types.ts";

/** Every route of the API by method and path, with the types of what goes in and what comes back. */
export type ApiClient = Client<paths, "application/json">;

type Refusal = Schemas["Error"]["error"];

/** The closed list of docs/errors.md. */
export type ApiErrorCode = Refusal["code"];

/** The gateway refused, or did not answer. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly code: ApiErrorCode;
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** Facts for a program, by code. */
  readonly details: NonNullable<Refusal["details"]>;

  constructor(status: number, refusal: Refusal) {
    super(refusal.message);
    this.code = refusal.code;
    this.status = status;
    this.details = refusal.details ?? {};
  }
}

export interface ApiClientOptions {
  /** `scheme://host[:port]`; empty in a page of the gateway itself. */
  readonly baseUrl: string;
  /** How a request is made: the client opens no connection of its own. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Of the session, for a page that a cookie signs in; asked for each request that changes something. */
  readonly csrfToken?: () => string | null;
}

const SAFE_METHODS = ["GET", "HEAD"];

export function createApiClient({ baseUrl, fetch, csrfToken }: ApiClientOptions): ApiClient {
  const client = createClient<paths, "application/json">({ baseUrl, fetch });
  if (csrfToken !== undefined) {
    client.use({
      onRequest({ request }) {
        const token = SAFE_METHODS.includes(request.method) ? null : csrfToken();
        if (token !== null) {
          request.headers.set("Keyward-CSRF", token);
        }
      },
    });
  }
  return client;
}

interface Called<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * What a call of the client answered: `await answerOf(client.GET("/api/v1/me"))`.
 * @throws ApiFailure with the API's own code, or `gateway_unreachable` when nothing that answers is the API. Only an
 *   abort of the caller's own comes out as it is.
 */
export async function answerOf<T>(call: Promise<Called<T>>): Promise<T> {
  const { data, error, response } = await call.catch(unreachable);
  if (!response.ok) {
    throw isError(error) ? new ApiFailure(response.status, error.error) : noGateway(response.status);
  }
  // Without content the type is undefined, and so is the value.
  return data as T;
}

function unreachable(error: unknown): never {
  throw error instanceof Error && error.name === "AbortError" ? error : noGateway(0);
}

function noGateway(status: number): ApiFailure {
  return new ApiFailure(status, { code: "gateway_unreachable", message: "Keyward does not answer." });
}

function isError(answer: unknown): answer is Schemas["Error"] {
  const error: unknown = isObject(answer) ? answer["error"] : null;
  return isObject(error) && typeof error["code"] === "string" && typeof error["message"] === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Whether a route that was called with `dry_run` answered so. */
export function isPreview(answer: object | undefined): answer is Schemas["Preview"] {
  return answer !== undefined && "preview" in answer;
}
