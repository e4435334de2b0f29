import { Link2 } from "lucide-react";
import { useFilters } from "../../app/use-filters.ts";
import type { AuthMode, ConnectionCounts, CredentialStatus } from "../../app/admin-shapes.ts";
import { MODE_TEXT, MODES, STATUS_TEXT, STATUSES } from "../../parts/connections/connection-text.ts";
import { ConnectionPanel } from "../../parts/connections/connection-panel.tsx";
import { ConnectionTable } from "../../parts/connections/connection-table.tsx";
import { useConnections } from "../../parts/connections/use-connections.ts";
import { SearchFilter } from "../../parts/search-filter.tsx";
import { useAllServers } from "../../parts/use-all-servers.ts";
import { useConnectionCounts } from "../../parts/use-connection-counts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { FilterChip, Filters, FilterSelect } from "../../ui/filters.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

const NAMES = ["server", "status", "kind", "identity", "q"] as const;
const NONE = { server: null, status: null, kind: null, identity: null, q: null };

export function ConnectionsPage() {
  const filters = useFilters(NAMES);
  const panel = useFilters(["connection"]);
  const { server, status, kind, identity, q } = filters.values;
  const servers = useAllServers();
  const counts = useConnectionCounts();
  const pages = useConnections({
    server,
    status: status as CredentialStatus | null,
    auth_mode: kind as AuthMode | null,
    // Without its kind, an id says nothing.
    identity: kind === null ? null : identity,
    q,
  });
  return (
    <>
      <PageHeader
        title="Connections"
        description="Everyone's stored values, in every state: whose they are, for which server, and whether they work."
      />
      <Filters>
        <SearchFilter label="Search connections" value={q} onChange={(value) => filters.set({ q: value })} />
        <FilterSelect
          label="Server"
          all="All servers"
          value={server}
          options={servers.map(({ id, name }) => [id, name])}
          onChange={(value) => filters.set({ server: value })}
        />
        <FilterSelect
          label="Status"
          all="All states"
          value={status as CredentialStatus | null}
          options={STATUSES.map((each) => [each, withCount(each, counts, server)])}
          onChange={(value) => filters.set({ status: value })}
        />
        <FilterSelect
          label="Kind"
          all="All kinds"
          value={kind as AuthMode | null}
          options={MODES.map((mode) => [mode, MODE_TEXT[mode]])}
          onChange={(value) => filters.set({ kind: value, identity: null })}
        />
        {identity === null || kind === null ? null : (
          <FilterChip removeLabel="Show everyone again" onRemove={() => filters.set({ identity: null, kind: null })}>
            Only {pages.items[0]?.identity.name ?? identity}
          </FilterChip>
        )}
      </Filters>
      <List
        pages={pages}
        isFiltered={filters.isAny}
        onClear={() => filters.set(NONE)}
        hrefOf={(id) => panel.hrefWith({ connection: id })}
      />
      <ConnectionPanel id={panel.values.connection} onClose={() => panel.set({ connection: null })} />
    </>
  );
}

interface ListProps {
  readonly pages: ReturnType<typeof useConnections>;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly hrefOf: (id: string) => string;
}

function List({ pages, isFiltered, onClear, hrefOf }: ListProps) {
  if (pages.isLoading) return <SkeletonRows label="Loading connections" />;
  if (pages.error !== null && pages.items.length === 0) return <ErrorState error={pages.error} retry={pages.retry} />;
  if (pages.items.length > 0) return <ConnectionTable pages={pages} hrefOf={hrefOf} />;
  if (isFiltered) return <NoMatch onClear={onClear} />;
  return (
    <EmptyState icon={Link2} title="Nobody has connected yet">
      A connection appears here when somebody stores their first values for a server, through the link that Keyward
      hands out at the first call.
    </EmptyState>
  );
}

/** "Rejected (12)", of one server or of all. */
function withCount(
  status: CredentialStatus,
  counts: ReadonlyMap<string, ConnectionCounts> | undefined,
  server: string | null,
): string {
  if (counts === undefined) return STATUS_TEXT[status];
  const counted = server === null ? [...counts.values()] : [counts.get(server)];
  const total = counted.reduce((sum, each) => sum + (each?.[status] ?? 0), 0);
  return `${STATUS_TEXT[status]} (${total.toLocaleString("en")})`;
}
