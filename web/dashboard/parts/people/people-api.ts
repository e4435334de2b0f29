import { answerOf } from "../../../../src/client/client.ts";
import type { Schemas } from "../../../../src/client/api-types.ts";
import type { Group, Impact } from "../../app/admin-shapes.ts";
import { api } from "../../app/api.ts";
import type { Listed, Role, User } from "../../app/api-shapes.ts";
import { impactOf } from "../../app/use-guarded-change.tsx";
import { dryRun } from "../server-api.ts";

export type UserPatch = Schemas["UserPatch"];
export type UserWithGroups = Schemas["UserWithGroups"];

interface UserFilters {
  readonly q?: string | null;
  readonly role?: Role | null;
  readonly enabled?: "true" | "false" | null;
  readonly group?: string | null;
}

export function listUsers(filters: UserFilters, cursor: string | null, signal: AbortSignal): Promise<Listed<User>> {
  const { enabled, ...rest } = filters;
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  const query = {
    ...set,
    ...(enabled !== null && enabled !== undefined && { enabled: enabled === "true" }),
    ...(cursor !== null && { cursor }),
  };
  return answerOf(api.GET("/api/v1/users", { params: { query }, signal }));
}

export function getUser(id: string, signal: AbortSignal): Promise<UserWithGroups> {
  return answerOf(api.GET("/api/v1/users/{id}", { params: { path: { id } }, signal }));
}

export function patchUser(id: string, body: UserPatch, isDryRun = false): Promise<object> {
  return answerOf(api.PATCH("/api/v1/users/{id}", { params: { path: { id }, query: dryRun(isDryRun) }, body }));
}

export function deleteUser(id: string, isDryRun = false, signal?: AbortSignal): Promise<object | undefined> {
  return answerOf(
    api.DELETE("/api/v1/users/{id}", {
      params: { path: { id }, query: dryRun(isDryRun) },
      ...(signal && { signal }),
    }),
  );
}

export function listGroups(cursor: string | null, signal: AbortSignal): Promise<Listed<Group>> {
  const query = cursor === null ? {} : { cursor };
  return answerOf(api.GET("/api/v1/groups", { params: { query }, signal }));
}

export function getGroup(id: string, signal: AbortSignal): Promise<Group> {
  return answerOf(api.GET("/api/v1/groups/{id}", { params: { path: { id } }, signal }));
}

export function deleteGroup(id: string, isDryRun = false, signal?: AbortSignal): Promise<object | undefined> {
  return answerOf(
    api.DELETE("/api/v1/groups/{id}", {
      params: { path: { id }, query: dryRun(isDryRun) },
      ...(signal && { signal }),
    }),
  );
}

export function listMembers(id: string, cursor: string | null, signal: AbortSignal): Promise<Listed<User>> {
  const query = cursor === null ? {} : { cursor };
  return answerOf(api.GET("/api/v1/groups/{id}/members", { params: { path: { id }, query }, signal }));
}

interface Membership {
  readonly group: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

function changeMembers({ group, add = [], remove = [] }: Membership, isDryRun: boolean): Promise<object> {
  return answerOf(
    api.PATCH("/api/v1/groups/{id}/members", {
      params: { path: { id: group }, query: dryRun(isDryRun) },
      body: { add: [...add], remove: [...remove] },
    }),
  );
}

export async function saveMembers(changes: readonly Membership[]): Promise<void> {
  for (const change of changes) await changeMembers(change, false);
}

/** Of several groups that somebody joins, each is tried by itself: the sum is what all of them bring at the most. */
export async function previewMembers(
  changes: readonly Membership[],
): Promise<{ readonly preview: Omit<Impact, "deleted"> }> {
  const total = { orphaned: 0, reactivated: 0, needs_update: 0, people: 0 };
  for (const change of changes) {
    const impact = impactOf(await changeMembers(change, true));
    total.orphaned += impact.orphaned;
    total.reactivated += impact.reactivated;
    total.needs_update += impact.needs_update;
    total.people = Math.max(total.people, impact.people);
  }
  return { preview: total };
}
