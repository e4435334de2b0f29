import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
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

/**
 * A list that is read page by page as it is scrolled.
 *
 * @param key the query key, filters included
 * @param fetchPage asks for the page at `cursor`; null is the first
 */
export function usePages<T>(
  key: readonly unknown[],
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Listed<T>>,
): Pages<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  return {
    items: query.data?.pages.flatMap((page) => page.items) ?? [],
    isLoading: query.isPending,
    isStale: query.isPlaceholderData,
    error: query.error,
    retry: () => void query.refetch(),
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
  };
}
