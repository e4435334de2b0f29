import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiFailure } from "../../../src/client/client.ts";

const MAX_RETRIES = 2;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      // The session has ended meanwhile: who is signed in is asked again, and the gate leads to the sign-in page.
      if (error instanceof ApiFailure && error.status === 401 && query.queryKey[0] !== "me") {
        void queryClient.invalidateQueries({ queryKey: ["me"] });
      }
    },
  }),
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

function isWorthRetrying(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 500);
}
