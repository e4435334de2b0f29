import { useMutation } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { answerOf } from "../../../../src/client/client.ts";
import { later, type ChainState } from "../../app/admin-api.ts";
import { messageOf } from "../../app/api.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Notice } from "../../ui/notice.tsx";

/** Each event holds a hash over itself and the one before: a changed or removed event breaks the chain. */
export function useChainCheck() {
  const check = useMutation({ mutationFn: () => answerOf(later.GET("/api/v1/audit/verify")) });
  return {
    button: (
      <Button icon={ShieldCheck} isBusy={check.isPending} onClick={() => check.mutate()}>
        Verify the chain
      </Button>
    ),
    result: (
      <div role="status" className="[&:not(:empty)]:mb-4">
        {check.error === null ? null : (
          <Notice tone="bad">The log could not be verified. {messageOf(check.error)}</Notice>
        )}
        {check.data === undefined ? null : <Verdict state={check.data} />}
      </div>
    ),
  };
}

function Verdict({ state }: { readonly state: ChainState }) {
  const { intact, events, broken_at: brokenAt, last_hash: lastHash } = state;
  const count = events.toLocaleString("en");
  if (!intact) {
    return (
      <Notice tone="bad" title="The log has been altered">
        {count} events are as they were written. Event {brokenAt} is not, or one before it is missing. Compare with a
        backup, and find out who could write to the database.
      </Notice>
    );
  }
  return (
    <Notice tone="good" title="The log is as it was written">
      {count} events, none changed or removed. To prove later that none was cut off at the end, keep the last hash
      somewhere else.
      <span className="mt-2 flex items-center gap-2">
        <code className="min-w-0 font-mono text-xs break-all">{lastHash}</code>
        <CopyButton text={lastHash} label="Copy the last hash" />
      </span>
    </Notice>
  );
}
