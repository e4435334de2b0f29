import type { Client } from "openapi-fetch";
import type { Schemas } from "../../../src/client/api-types.ts";
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
  "/api/v1/audit": {
    get: {
      parameters: { query?: AuditQuery };
      responses: { 200: { content: { "application/json": { items: AuditEvent[]; next_cursor: string | null } } } };
    };
  };
  "/api/v1/audit/verify": {
    get: {
      parameters: {};
      responses: { 200: { content: { "application/json": ChainState } } };
    };
  };
}

type Known = Schemas["AuditEvent"];

export type AuditAction = Known["action"];
export type AuditEffect = "orphaned" | "reactivated" | "needs_update" | "active" | "deleted";

export type AuditEvent = Omit<Known, "detail"> & {
  detail:
    | (NonNullable<Known["detail"]> & { group?: string; client?: string; deleted?: number; subjects?: string })
    | null;
  /** In the log of one connection: what a change of many did to it. */
  effects: AuditEffect[] | null;
};

export interface AuditQuery {
  action?: AuditAction;
  server?: string;
  credential?: string;
  auth_mode?: Schemas["AuthMode"];
  identity?: string;
  /** `admin:<id>`, `<auth mode>:<id>`, `link:<flow id>` or `system`. */
  actor?: string;
  outcome?: "ok" | "refused";
  since?: number;
  until?: number;
  limit?: number;
  cursor?: string;
}

/** Whether every event of the audit log is as it was written. */
export interface ChainState {
  intact: boolean;
  events: number;
  /** Id of the first event that is not. */
  broken_at: number | null;
  last_hash: string;
}

export const later = api as unknown as Client<LaterPaths, "application/json">;
