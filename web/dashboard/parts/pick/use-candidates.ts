import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";

export type PickKind = "group" | "user" | "virtual_key";

export interface Candidate {
  readonly kind: PickKind;
  readonly id: string;
  readonly name: string;
  /** What tells it from others of the same name. */
  readonly detail: string;
  /** Why it cannot be picked. */
  readonly obstacle?: string;
}

interface Found {
  readonly items: readonly Candidate[];
  /** There are more than can be shown: the search has to be narrower. */
  readonly hasMore: boolean;
}

const SHOWN = 50;
const ALL = 500;

export function candidateKey({ kind, id }: Pick<Candidate, "kind" | "id">): string {
  return `${kind} ${id}`;
}

/** Who can be picked, by a part of their name. */
export function useCandidates(kind: PickKind, q: string, isNeeded: boolean): UseQueryResult<Found> {
  return useQuery({
    queryKey: [QUERY_KEYS[kind], "candidates", q],
    queryFn: ({ signal }) => SOURCES[kind](q, signal),
    placeholderData: keepPreviousData,
    enabled: isNeeded,
  });
}

/** So that a change of one of these refreshes what is picked from. */
const QUERY_KEYS = { group: "groups", user: "users", virtual_key: "virtual-keys" } as const;

const SOURCES: Readonly<Record<PickKind, (q: string, signal: AbortSignal) => Promise<Found>>> = {
  async user(q, signal) {
    const query = { limit: SHOWN, ...(q !== "" && { q }) };
    const { items, next_cursor: next } = await answerOf(api.GET("/api/v1/users", { params: { query }, signal }));
    return {
      items: items.map(({ id, name, email }) => ({ kind: "user", id, name, detail: email })),
      hasMore: next !== null,
    };
  },
  async group(q, signal) {
    const { items } = await answerOf(api.GET("/api/v1/groups", { params: { query: { limit: ALL } }, signal }));
    const found = items.filter(({ name }) => name.toLowerCase().includes(q.toLowerCase()));
    return {
      items: found.slice(0, SHOWN).map(({ id, name, members_count: count }) => ({
        kind: "group",
        id,
        name,
        detail: count === 1 ? "1 member" : `${count} members`,
      })),
      hasMore: found.length > SHOWN,
    };
  },
  async virtual_key(q, signal) {
    const query = { limit: SHOWN, ...(q !== "" && { q }) };
    const { items, next_cursor: next } = await answerOf(api.GET("/api/v1/virtual-keys", { params: { query }, signal }));
    return {
      items: items.map(({ id, name, prefix, owner_name: owner, owner_user_id: ownerId }) => ({
        kind: "virtual_key",
        id,
        name,
        detail: `${prefix}…`,
        ...(ownerId !== null && { obstacle: `Acts as ${owner ?? ownerId}: give access to that person.` }),
      })),
      hasMore: next !== null,
    };
  },
};
