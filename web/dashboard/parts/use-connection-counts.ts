import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../../src/client/client.ts";
import type { ConnectionCounts } from "../app/admin-shapes.ts";
import { later } from "../app/admin-api.ts";

export const NO_CONNECTIONS: ConnectionCounts = { active: 0, needs_update: 0, rejected: 0, orphaned: 0 };

/** How many connections each server has, by state; undefined until it is known. */
export function useConnectionCounts(): ReadonlyMap<string, ConnectionCounts> | undefined {
  const counts = useQuery({
    queryKey: ["credentials", "counts"],
    queryFn: async ({ signal }) => {
      const { items } = await answerOf(later.GET("/api/v1/credential-counts", { signal }));
      return items;
    },
  });
  return counts.data && new Map(counts.data.map(({ server_id: id, ...rest }) => [id, rest]));
}
