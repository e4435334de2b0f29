import type { UseMutationResult } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { MyServer, TestResult } from "../../app/api-shapes.ts";
import { useChange } from "../../app/use-change.ts";

/** Tries the stored values on the server now. A refusal is what a refusal of a call is: the row becomes `rejected`. */
export function useTest(
  server: MyServer,
  onTested: (result: TestResult) => void,
): UseMutationResult<TestResult, Error, void> {
  const { credential_id: id } = server;
  return useChange({
    change: () => answerOf(api.POST("/api/v1/credentials/{id}/test", { params: { path: { id: id ?? "" } } })),
    refreshes: ["me", "credentials"],
    onDone: onTested,
  });
}
