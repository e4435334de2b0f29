import { useId } from "react";
import type { MyServer } from "../../app/api-shapes.ts";
import { ConnectionRow, type TestResults } from "./connection-row.tsx";

interface ConnectionListProps {
  readonly title: string;
  readonly isTitleHidden?: boolean;
  readonly servers: readonly MyServer[];
  readonly results: TestResults;
}

export function ConnectionList({ title, isTitleHidden = false, servers, results }: ConnectionListProps) {
  const id = useId();
  if (servers.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={isTitleHidden ? "sr-only" : "mb-3 text-base"}>
        {title}
      </h2>
      <ul className="divide-y divide-line rounded-md border border-line bg-surface">
        {servers.map((server) => (
          <ConnectionRow key={server.id} server={server} results={results} />
        ))}
      </ul>
    </section>
  );
}
