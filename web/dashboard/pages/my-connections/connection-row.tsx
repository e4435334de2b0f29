import type { MyServer, TestResult } from "../../app/api-shapes.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ConnectionActions } from "./connection-actions.tsx";
import { ConnectionFacts } from "./connection-facts.tsx";
import { attentionText } from "./needs-attention.ts";
import { TestOutcome } from "./test-outcome.tsx";
import { useTest } from "./use-test.ts";

export interface TestResults {
  readonly of: (server: MyServer) => TestResult | undefined;
  readonly keep: (server: MyServer, result: TestResult | undefined) => void;
}

interface ConnectionRowProps {
  readonly server: MyServer;
  /** Kept by the page: a row whose values were refused moves to another list. */
  readonly results: TestResults;
}

export function ConnectionRow({ server, results }: ConnectionRowProps) {
  const test = useTest(server, (result) => results.keep(server, result));
  const attention = attentionText(server);
  const result = results.of(server);
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
      {result === undefined ? null : (
        <TestOutcome server={server} result={result} onClose={() => results.keep(server, undefined)} />
      )}
    </li>
  );
}
