import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import type { AuthMode, Credential, CredentialStatus } from "../../app/admin-shapes.ts";
import { api } from "../../app/api.ts";
import type { Listed } from "../../app/api-shapes.ts";
import { usePages, type Pages } from "../../app/use-pages.ts";

export interface ConnectionFilters {
  readonly server?: string | null;
  readonly status?: CredentialStatus | null;
  readonly auth_mode?: AuthMode | null;
  readonly identity?: string | null;
  readonly q?: string | null;
}

const PAGE = 200;

export function useConnections(filters: ConnectionFilters): Pages<Credential> {
  const set = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== null && value !== ""));
  return usePages<Credential>(["credentials", "list", set], async (cursor, signal) => {
    const query = { ...set, limit: PAGE, ...(cursor !== null && { cursor }) };
    return (await answerOf(api.GET("/api/v1/credentials", { params: { query }, signal }))) as Listed<Credential>;
  });
}

/** Takes revoked connections out of every list that is at hand: none of them has to be read again. */
export function useForget(): (ids: ReadonlySet<string>) => void {
  const queries = useQueryClient();
  return (ids) => {
    queries.setQueriesData<InfiniteData<Listed<Credential>>>({ queryKey: ["credentials", "list"] }, (data) =>
      data === undefined
        ? data
        : {
            ...data,
            pages: data.pages.map((page) =>
              page.items.some(({ id }) => ids.has(id))
                ? { ...page, items: page.items.filter(({ id }) => !ids.has(id)) }
                : page,
            ),
          },
    );
    void queries.invalidateQueries({ queryKey: ["credentials", "counts"] });
    for (const id of ids) queries.removeQueries({ queryKey: ["credentials", "one", id] });
  };
}
