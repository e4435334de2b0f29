import { Plus, UsersRound } from "lucide-react";
import { useState } from "react";
import type { Group } from "../../app/admin-shapes.ts";
import { useFilters } from "../../app/use-filters.ts";
import { usePages } from "../../app/use-pages.ts";
import { listGroups } from "../../parts/people/people-api.ts";
import { PeopleTabs } from "../../parts/people/people-tabs.tsx";
import { Button } from "../../ui/button.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { RowLink } from "../../ui/row-link.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { GroupNameDialog } from "./group-name-dialog.tsx";
import { GroupPanel } from "./group-panel.tsx";

export function GroupsPage() {
  const panel = useFilters(["group"]);
  const [isCreating, setIsCreating] = useState(false);
  const groups = usePages(["groups", "list"], listGroups);
  const create = (
    <Button variant="primary" icon={Plus} onClick={() => setIsCreating(true)}>
      Create a group
    </Button>
  );

  function list() {
    if (groups.isLoading) return <SkeletonRows label="Loading groups" />;
    if (groups.error !== null && groups.items.length === 0) {
      return <ErrorState error={groups.error} retry={groups.retry} />;
    }
    if (groups.items.length === 0) {
      return (
        <EmptyState icon={UsersRound} title="No groups yet" action={create}>
          A group is given access to a server once. Whoever joins it may use the server, and whoever leaves it may not.
        </EmptyState>
      );
    }
    return (
      <DataTable
        label="Groups"
        columns={columnsOf((id) => panel.hrefWith({ group: id }))}
        rows={groups.items}
        keyOf={idOf}
        hasMore={groups.hasMore}
        isLoadingMore={groups.isLoadingMore}
        hasFailed={groups.error !== null}
        onEnd={groups.loadMore}
      />
    );
  }

  return (
    <>
      <PageHeader
        title="Groups"
        description="People who are given access to servers together."
        actions={groups.items.length > 0 ? create : undefined}
      />
      <PeopleTabs />
      {list()}
      <GroupNameDialog
        isOpen={isCreating}
        onClose={() => setIsCreating(false)}
        onMade={({ id }) => panel.set({ group: id })}
      />
      <GroupPanel id={panel.values.group} onClose={() => panel.set({ group: null })} />
    </>
  );
}

function columnsOf(hrefOf: (id: string) => string): readonly Column<Group>[] {
  return [
    {
      key: "name",
      header: "Name",
      width: "minmax(0, 3fr)",
      cell: ({ id, name }) => (
        <RowLink href={hrefOf(id)} replace>
          <bdi>{name}</bdi>
        </RowLink>
      ),
    },
    { key: "members", header: "Members", cell: ({ members_count: count }) => count.toLocaleString("en") },
    { key: "created", header: "Created", cell: ({ created_at: at }) => <RelativeTime at={at} /> },
  ];
}
