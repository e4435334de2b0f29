import { useQueries, useQuery } from "@tanstack/react-query";
import { answerOf, ApiFailure } from "../../../../src/client/client.ts";
import type { AuditEvent } from "../../app/admin-api.ts";
import { api } from "../../app/api.ts";
import { allServers } from "../../parts/server-api.ts";

/** Calls people, keys, groups and servers by their names; null for whoever is not there any more. */
export type Names = (id: string) => string | null;

const MOST = 500;
const STALE_MS = 60_000;
const limited = { params: { query: { limit: MOST } } };

type Named = readonly { readonly id: string; readonly name: string }[];

/** One request each, which is all there are for most. */
const LISTS: readonly (readonly [key: string, (signal: AbortSignal) => Promise<Named>])[] = [
  ["servers", allServers],
  ["users", async (signal) => (await answerOf(api.GET("/api/v1/users", { ...limited, signal }))).items],
  ["virtual-keys", async (signal) => (await answerOf(api.GET("/api/v1/virtual-keys", { ...limited, signal }))).items],
  ["groups", async (signal) => (await answerOf(api.GET("/api/v1/groups", { ...limited, signal }))).items],
  ["admin-tokens", async (signal) => (await answerOf(api.GET("/api/v1/admin-tokens", { ...limited, signal }))).items],
];

/** Where there are more than 500, those who are met are asked for one by one. */
const SINGLE: readonly (readonly [prefix: string, (id: string, signal: AbortSignal) => Promise<{ name: string }>])[] = [
  ["usr_", (id, signal) => answerOf(api.GET("/api/v1/users/{id}", { params: { path: { id } }, signal }))],
  ["vk_", (id, signal) => answerOf(api.GET("/api/v1/virtual-keys/{id}", { params: { path: { id } }, signal }))],
];

export function useNames(events: readonly AuditEvent[]): Names {
  const lists = useQueries({
    queries: LISTS.map(([key, read]) => ({
      queryKey: [key, "names"],
      queryFn: ({ signal }: { signal: AbortSignal }) => read(signal),
      staleTime: STALE_MS,
    })),
  });
  const known = new Map<string, string>();
  for (const { data = [] } of lists) for (const { id, name } of data) known.set(id, name);
  const isListed = lists.every(({ isPending }) => !isPending);
  const isMore = lists.some(({ data }) => (data?.length ?? 0) === MOST);
  const missing = isListed && isMore ? [...new Set(events.flatMap(idsOf))].filter((id) => !known.has(id)) : [];
  const singles = useQuery({
    queryKey: ["audit-names", missing],
    queryFn: async ({ signal }) => new Map(await Promise.all(missing.map((id) => find(id, signal)))),
    enabled: missing.length > 0,
    staleTime: STALE_MS,
    placeholderData: (before) => before,
  });
  return (id) => known.get(id) ?? singles.data?.get(id) ?? null;
}

function idsOf({ actor, identity }: AuditEvent): string[] {
  return [actor.id, identity?.id].filter((id) => id !== null && id !== undefined);
}

async function find(id: string, signal: AbortSignal): Promise<[id: string, name: string | null]> {
  const read = SINGLE.find(([prefix]) => id.startsWith(prefix))?.[1];
  try {
    return [id, read === undefined ? null : (await read(id, signal)).name];
  } catch (error) {
    // Deleted meanwhile: the log remembers the id.
    if (error instanceof ApiFailure && error.status === 404) return [id, null];
    throw error;
  }
}
