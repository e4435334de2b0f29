import type { UseMutationResult } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { answerOf } from "../../../src/client/client.ts";
import { api } from "./api.ts";
import { keepCsrfToken } from "./csrf.ts";
import { queryClient } from "./query-client.ts";
import { useChange } from "./use-change.ts";

/** Ends this session, and everything of it that the page still holds. */
export function useSignOut(): UseMutationResult {
  const [, navigate] = useLocation();
  return useChange({
    change: () => answerOf(api.DELETE("/api/v1/session")),
    refreshes: [],
    onDone: () => {
      keepCsrfToken(null);
      navigate("/sign-in");
      queryClient.clear();
    },
  });
}
