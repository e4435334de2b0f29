import { useQuery } from "@tanstack/react-query";
import { UserPlus, UsersRound } from "lucide-react";
import { useState } from "react";
import type { Role, User } from "../../app/api-shapes.ts";
import { useFilters } from "../../app/use-filters.ts";
import { usePages, type Pages } from "../../app/use-pages.ts";
import { getGroup, listUsers } from "../../parts/people/people-api.ts";
import { PeopleTabs } from "../../parts/people/people-tabs.tsx";
import { ROLE_TEXT, UserStateBadge } from "../../parts/people/user-badges.tsx";
import { SearchFilter } from "../../parts/search-filter.tsx";
import { Button } from "../../ui/button.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { FilterChip, Filters, FilterSelect } from "../../ui/filters.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { RowLink } from "../../ui/row-link.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { UserPanel } from "./user-panel.tsx";

const NAMES = ["q", "role", "enabled", "group"] as const;
const NONE = { q: null, role: null, enabled: null, group: null };

export function PeoplePage() {
  const filters = useFilters(NAMES);
  const panel = useFilters(["user"]);
  const [isInviting, setIsInviting] = useState(false);
  const { q, role, enabled, group } = filters.values;
  const wanted = { q, role: role as Role | null, enabled: enabled as "true" | "false" | null, group };
  const pages = usePages(["users", "list", wanted], (cursor, signal) => listUsers(wanted, cursor, signal));
  return (
    <>
      <PageHeader
        title="People"
        description="Who may sign in here, and act through Keyward as themselves."
        actions={
          <Button variant="primary" icon={UserPlus} onClick={() => setIsInviting(true)}>
            Invite a person
          </Button>
        }
      />
      <PeopleTabs />
      <Filters>
        <SearchFilter label="Search people" value={q} onChange={(value) => filters.set({ q: value })} />
        <FilterSelect
          label="Role"
          all="All roles"
          value={wanted.role}
          options={[
            ["admin", "Administrators"],
            ["user", "Users"],
          ]}
          onChange={(value) => filters.set({ role: value })}
        />
        <FilterSelect
          label="Status"
          all="All states"
          value={wanted.enabled}
          options={[
            ["true", "Enabled"],
            ["false", "Disabled"],
          ]}
          onChange={(value) => filters.set({ enabled: value })}
        />
        {group === null ? null : <GroupChip id={group} onRemove={() => filters.set({ group: null })} />}
      </Filters>
      <List
        pages={pages}
        isFiltered={filters.isAny}
        onClear={() => filters.set(NONE)}
        hrefOf={(id) => panel.hrefWith({ user: id })}
      />
      <InviteDialog isOpen={isInviting} onClose={() => setIsInviting(false)} />
      <UserPanel id={panel.values.user} onClose={() => panel.set({ user: null })} />
    </>
  );
}

function GroupChip({ id, onRemove }: { readonly id: string; readonly onRemove: () => void }) {
  const group = useQuery({ queryKey: ["group", id], queryFn: ({ signal }) => getGroup(id, signal) });
  return (
    <FilterChip removeLabel="Show people of all groups" onRemove={onRemove}>
      In <bdi>{group.data?.name ?? id}</bdi>
    </FilterChip>
  );
}

interface ListProps {
  readonly pages: Pages<User>;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly hrefOf: (id: string) => string;
}

function List({ pages, isFiltered, onClear, hrefOf }: ListProps) {
  if (pages.isLoading) return <SkeletonRows label="Loading people" />;
  if (pages.error !== null && pages.items.length === 0) return <ErrorState error={pages.error} retry={pages.retry} />;
  if (pages.items.length === 0) {
    return isFiltered ? (
      <NoMatch onClear={onClear} />
    ) : (
      <EmptyState icon={UsersRound} title="Nobody is here yet">
        Invite the first person: they choose a password by a link that you hand over.
      </EmptyState>
    );
  }
  return (
    <DataTable
      label="People"
      columns={columnsOf(hrefOf)}
      rows={pages.items}
      keyOf={idOf}
      hasMore={pages.hasMore}
      isLoadingMore={pages.isLoadingMore}
      isStale={pages.isStale}
      hasFailed={pages.error !== null}
      onEnd={pages.loadMore}
    />
  );
}

function columnsOf(hrefOf: (id: string) => string): readonly Column<User>[] {
  return [
    {
      key: "name",
      header: "Name",
      width: "minmax(0, 2.5fr)",
      cell: ({ id, name, email }) => (
        <>
          <RowLink href={hrefOf(id)} replace>
            <bdi>{name}</bdi>
          </RowLink>
          <div className="truncate text-sm text-soft">
            <bdi>{email}</bdi>
          </div>
        </>
      ),
    },
    { key: "role", header: "Role", cell: ({ role }) => ROLE_TEXT[role] },
    { key: "state", header: "Status", width: "7rem", cell: (user) => <UserStateBadge user={user} /> },
    { key: "added", header: "Added", cell: ({ created_at: at }) => <RelativeTime at={at} /> },
  ];
}
