import type { Client } from "openapi-fetch";
import type { ConnectionCounts } from "./admin-shapes.ts";
import { api } from "./api.ts";

/* Routes that the generated client does not know yet, in the form it is generated in. */

interface LaterPaths {
  "/api/v1/credential-counts": {
    get: {
      parameters: { query?: { server?: string } };
      responses: {
        200: { content: { "application/json": { items: ({ server_id: string } & ConnectionCounts)[] } } };
      };
    };
  };
  "/api/v1/credentials/revoke": {
    post: {
      parameters: {};
      requestBody: { content: { "application/json": { ids: string[] } } };
      responses: { 200: { content: { "application/json": { revoked: number } } } };
    };
  };
  "/api/v1/audit/verify": {
    get: {
      parameters: {};
      responses: { 200: { content: { "application/json": ChainState } } };
    };
  };
}

/** Whether every event of the audit log is as it was written. */
export interface ChainState {
  intact: boolean;
  events: number;
  /** Id of the first event that is not. */
  broken_at: number | null;
  last_hash: string | null;
}

export const later = api as unknown as Client<LaterPaths, "application/json">;
