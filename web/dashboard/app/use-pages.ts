import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import type { Listed } from "./api-shapes.ts";

export interface Pages<T> {
  readonly items: readonly T[];
  readonly isLoading: boolean;
  /** What stands in `items` belongs to the filters before; the new ones are being asked for. */
  readonly isStale: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
}

/** More pages than these are not asked for again all at once, but from the first when the list is opened again. */
const FEW = 5;

/**
 * A list that is read page by page as it is scrolled. However long it has become, looking at it again costs a few
 * requests.
 *
 * @param key the query key, filters included
 * @param fetchPage asks for the page at `cursor`; null is the first
 */
export function usePages<T>(
  key: readonly unknown[],
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Listed<T>>,
): Pages<T> {
  const queries = useQueryClient();
  const isShort = (current: { readonly state: { readonly data: InfiniteData<Listed<T>> | undefined } }): boolean =>
    (current.state.data?.pages.length ?? 0) <= FEW;
  const query = useInfiniteQuery<Listed<T>, Error, InfiniteData<Listed<T>>, readonly unknown[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: isShort,
    refetchOnReconnect: isShort,
  });

  const pages = query.data?.pages;
  const items = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);

  // Long lists are forgotten when they are left: kept, all their pages would be asked for on the way back.
  const left = useRef({ key, isLong: false });
  useEffect(() => {
    left.current = { key, isLong: (pages?.length ?? 0) > FEW };
  });
  useEffect(
    () => () => {
      if (left.current.isLong) queries.removeQueries({ queryKey: left.current.key, exact: true });
    },
    [queries],
  );

  return {
    items,
    isLoading: query.isPending,
    isStale: query.isPlaceholderData,
    error: query.error,
    retry: () => void query.refetch(),
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
  };
}
