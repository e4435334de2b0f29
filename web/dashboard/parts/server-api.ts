import { answerOf } from "../../../src/client/client.ts";
import type { Schemas } from "../../../src/client/api-types.ts";
import type { Grant, Server, VerifiedServer } from "../app/admin-shapes.ts";
import { api } from "../app/api.ts";
import type { Listed } from "../app/api-shapes.ts";

export type NewServer = Schemas["NewServer"];
export type ServerPatch = Schemas["ServerPatch"];
type GrantInput = Schemas["GrantsInput"]["grants"][number];

const MOST = 500;

export function listServers(cursor: string | null, signal: AbortSignal): Promise<Listed<Server>> {
  const query = cursor === null ? {} : { cursor };
  return answerOf(api.GET("/api/v1/servers", { params: { query }, signal }));
}

/** For choices and names: the first 500 by name, which is all there are. */
export async function allServers(signal: AbortSignal): Promise<readonly Server[]> {
  const query = { limit: MOST };
  return (await answerOf(api.GET("/api/v1/servers", { params: { query }, signal }))).items;
}

export function getServer(id: string, signal: AbortSignal): Promise<Server> {
  return answerOf(api.GET("/api/v1/servers/{id}", { params: { path: { id } }, signal }));
}

export function createServer(body: NewServer): Promise<VerifiedServer> {
  return answerOf(api.POST("/api/v1/servers", { body }));
}

export function patchServer(id: string, body: ServerPatch, isDryRun = false): Promise<object> {
  return answerOf(api.PATCH("/api/v1/servers/{id}", { params: { path: { id }, query: dryRun(isDryRun) }, body }));
}

export function deleteServer(id: string, isDryRun = false, signal?: AbortSignal): Promise<object | undefined> {
  return answerOf(
    api.DELETE("/api/v1/servers/{id}", {
      params: { path: { id }, query: dryRun(isDryRun) },
      ...(signal && { signal }),
    }),
  );
}

export function verifyServer(id: string, sample: Readonly<Record<string, string>> | null): Promise<VerifiedServer> {
  const body = sample === null ? {} : { sample_headers: sample };
  return answerOf(api.POST("/api/v1/servers/{id}/verify", { params: { path: { id } }, body }));
}

export async function getGrants(id: string, signal: AbortSignal): Promise<readonly Grant[]> {
  return (await answerOf(api.GET("/api/v1/servers/{id}/grants", { params: { path: { id } }, signal }))).grants;
}

export function putGrants(id: string, grants: readonly GrantInput[], isDryRun = false): Promise<object> {
  return answerOf(
    api.PUT("/api/v1/servers/{id}/grants", {
      params: { path: { id }, query: dryRun(isDryRun) },
      body: { grants: [...grants] },
    }),
  );
}

export function dryRun(isDryRun: boolean): { dry_run?: true } {
  return isDryRun ? { dry_run: true } : {};
}
