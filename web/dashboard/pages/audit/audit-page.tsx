import { Download, ScrollText } from "lucide-react";
import { useState } from "react";
import type { AuditEvent } from "../../app/admin-api.ts";
import { useFilters } from "../../app/use-filters.ts";
import { DownloadLink } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { useChainCheck } from "./chain-check.tsx";
import { CredentialLife } from "./credential-life.tsx";
import { EventPanel } from "./event-panel.tsx";
import { EventTable } from "./event-table.tsx";
import { exportAddress, FILTER_NAMES, NO_FILTERS, useEvents, type FilterValues } from "./use-events.ts";
import { useNames } from "./use-names.ts";

export function AuditPage() {
  const filters = useFilters(FILTER_NAMES);
  const { credential } = filters.values;
  const chain = useChainCheck();
  const isLife = credential !== null;
  return (
    <>
      <PageHeader
        title={isLife ? "The life of a connection" : "Audit"}
        description={
          isLife
            ? "Who asked for it, gave it, used it and ended it: when, and from where. Never a value."
            : "Who did what, when, and from where. Never a value. Nothing in it can be changed unseen."
        }
        actions={
          <>
            {chain.button}
            <DownloadLink icon={Download} href={exportAddress(filters.values)} file="keyward-audit.jsonl">
              Export
            </DownloadLink>
          </>
        }
      />
      {chain.result}
      {isLife ? (
        <CredentialLife
          key={credential}
          id={credential}
          onFilter={(changes) => filters.set({ ...NO_FILTERS, ...changes })}
        />
      ) : (
        <Log values={filters.values} isFiltered={filters.isAny} onChange={filters.set} />
      )}
    </>
  );
}

interface LogProps {
  readonly values: FilterValues;
  readonly isFiltered: boolean;
  readonly onChange: (changes: Partial<FilterValues>) => void;
}

function Log({ values, isFiltered, onChange }: LogProps) {
  const pages = useEvents(values);
  const names = useNames(pages.items);
  const [opened, setOpened] = useState<AuditEvent | null>(null);

  function list() {
    if (pages.isLoading) return <SkeletonRows label="Loading events" />;
    if (pages.error !== null && pages.items.length === 0) return <ErrorState error={pages.error} retry={pages.retry} />;
    if (pages.items.length > 0) return <EventTable pages={pages} names={names} onOpen={setOpened} />;
    if (isFiltered) return <NoMatch onClear={() => onChange(NO_FILTERS)} />;
    return (
      <EmptyState icon={ScrollText} title="Nothing has happened yet">
        Sign-ins, changes and everything that happens to stored values appear here.
      </EmptyState>
    );
  }

  return (
    <>
      <AuditFilters values={values} names={names} onChange={onChange} />
      {list()}
      <EventPanel
        event={opened}
        names={names}
        onClose={() => setOpened(null)}
        onFilter={(changes) => {
          setOpened(null);
          onChange(changes);
        }}
      />
    </>
  );
}
