import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { say } from "../ui/toast-store.ts";
import { messageOf } from "./api.ts";

interface Change<Input, Output> {
  readonly change: (input: Input) => Promise<Output>;
  /** First parts of the query keys that this change makes stale: `["virtual-keys", "me"]`. */
  readonly refreshes: readonly string[];
  /** Said in a toast when it is done. */
  readonly done?: string | ((output: Output, input: Input) => string);
  /** A form or dialog that shows the error beside what caused it takes the toast away. */
  readonly showsError?: boolean;
  readonly onDone?: (output: Output, input: Input) => void;
}

/** A change by the API: refreshes what it made stale, and says how it went. */
export function useChange<Input = void, Output = unknown>(
  options: Change<Input, Output>,
): UseMutationResult<Output, Error, Input> {
  const { change, refreshes, done, showsError = false, onDone } = options;
  const queries = useQueryClient();
  return useMutation<Output, Error, Input>({
    mutationFn: change,
    onSuccess(output, input) {
      if (done !== undefined) say(typeof done === "string" ? done : done(output, input));
      onDone?.(output, input);
    },
    onError(error) {
      if (!showsError) say(messageOf(error), "bad");
    },
    // Also after a failure: an answer that was lost does not mean that nothing was changed.
    onSettled: () => Promise.all(refreshes.map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}
