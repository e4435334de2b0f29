import type { Client } from "openapi-fetch";
import { ApiFailure, createApiClient } from "../../../src/client/client.ts";
import type { Paths } from "./api-shapes.ts";
import { csrfToken } from "./csrf.ts";

/** The REST API: `api.GET("/api/v1/users", { params: { query: { q } } })`. Give the promise to `answerOf()`. */
export const api = createApiClient({
  baseUrl: location.origin,
  fetch: (request) => fetch(request),
  csrfToken,
}) as unknown as Client<Paths, "application/json">;

/** What to show of anything that was thrown. The API's messages are written for the person who reads them. */
export function messageOf(error: unknown): string {
  return error instanceof ApiFailure ? error.message : "Something went wrong on this page. Reload it.";
}
