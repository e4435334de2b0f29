import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiFailure } from "../../../src/client/client.ts";

const MAX_RETRIES = 2;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      if (query.queryKey[0] !== "me") noticeSignOut(error);
    },
  }),
  mutationCache: new MutationCache({ onError: noticeSignOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < MAX_RETRIES && isWorthRetrying(error),
      // The browser's word on the network is not that of this gateway, which may be on this very machine.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** A session that ended meanwhile: who is signed in is asked again, and the gate leads to the sign-in page. */
function noticeSignOut(error: unknown): void {
  if (error instanceof ApiFailure && error.code === "unauthenticated") {
    void queryClient.invalidateQueries({ queryKey: ["me"] });
  }
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 500);
}
