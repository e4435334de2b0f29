import { Link2 } from "lucide-react";
import { useState } from "react";
import type { CredentialStatus, Server } from "../../app/admin-shapes.ts";
import { useFilters } from "../../app/use-filters.ts";
import { ConnectionPanel } from "../../parts/connections/connection-panel.tsx";
import { ConnectionTable } from "../../parts/connections/connection-table.tsx";
import { STATUS_TEXT, STATUSES } from "../../parts/connections/connection-text.ts";
import { useConnections } from "../../parts/connections/use-connections.ts";
import { SearchFilter } from "../../parts/search-filter.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Filters, FilterSelect } from "../../ui/filters.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

export function ConnectionsTab({ server }: { readonly server: Server }) {
  const [q, setQ] = useState<string | null>(null);
  const [status, setStatus] = useState<CredentialStatus | null>(null);
  const panel = useFilters(["connection"]);
  const pages = useConnections({ server: server.id, status, q });

  function list() {
    if (pages.isLoading) return <SkeletonRows label="Loading connections" />;
    if (pages.error !== null && pages.items.length === 0) return <ErrorState error={pages.error} retry={pages.retry} />;
    if (pages.items.length > 0) {
      return <ConnectionTable isOfOneServer pages={pages} hrefOf={(id) => panel.hrefWith({ connection: id })} />;
    }
    if (q !== null || status !== null) {
      return (
        <NoMatch
          onClear={() => {
            setQ(null);
            setStatus(null);
          }}
        />
      );
    }
    return (
      <EmptyState icon={Link2} title="Nobody has connected yet">
        Whoever calls a tool of {server.name} for the first time gets a link to store their own values.
      </EmptyState>
    );
  }

  return (
    <>
      <Filters>
        <SearchFilter label="Search connections" value={q} onChange={setQ} />
        <FilterSelect
          label="Status"
          all="All states"
          value={status}
          options={STATUSES.map((each) => [each, STATUS_TEXT[each]])}
          onChange={setStatus}
        />
      </Filters>
      {list()}
      <ConnectionPanel id={panel.values.connection} onClose={() => panel.set({ connection: null })} />
    </>
  );
}
