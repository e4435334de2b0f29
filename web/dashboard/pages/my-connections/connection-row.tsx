import type { MyServer } from "../../app/api-shapes.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ConnectionActions } from "./connection-actions.tsx";
import { ConnectionFacts } from "./connection-facts.tsx";
import { attentionText } from "./needs-attention.ts";
import { TestOutcome } from "./test-outcome.tsx";
import { useTest } from "./use-test.ts";

export function ConnectionRow({ server }: { readonly server: MyServer }) {
  const test = useTest(server);
  const attention = attentionText(server);
  return (
    <li className="grid gap-3 p-4">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 grow basis-72">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h3 className="text-base">
              <bdi>{server.name}</bdi>
            </h3>
            <StatusBadge status={server.connection} />
          </div>
          <p className="mt-0.5 text-sm text-soft">
            <bdi>{server.url_origin}</bdi>
          </p>
          {attention === null ? null : <p className="mt-2 max-w-2xl">{attention}</p>}
          <ConnectionFacts server={server} />
        </div>
        <ConnectionActions server={server} test={test} />
      </div>
      {test.data === undefined ? null : <TestOutcome server={server} result={test.data} onClose={test.reset} />}
    </li>
  );
}
