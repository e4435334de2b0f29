import { UserPlus, X } from "lucide-react";
import { useState } from "react";
import type { Group } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { usePages } from "../../app/use-pages.ts";
import { listMembers } from "../../parts/people/people-api.ts";
import { useMembership } from "../../parts/people/use-membership.ts";
import { PickDialog } from "../../parts/pick/pick-dialog.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { PanelSection } from "../../ui/panel.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

export function GroupMembers({ group }: { readonly group: Group }) {
  const [isPicking, setIsPicking] = useState(false);
  const members = usePages(["group", group.id, "members"], (cursor, signal) => listMembers(group.id, cursor, signal));
  const change = useMembership("The members are saved.");
  return (
    <PanelSection
      title="Members"
      action={
        <Button size="sm" icon={UserPlus} onClick={() => setIsPicking(true)}>
          Add people
        </Button>
      }
    >
      {members.error === null ? null : <p className="text-bad">{messageOf(members.error)}</p>}
      {members.isLoading ? <SkeletonRows label="Loading members" /> : null}
      {!members.isLoading && members.items.length === 0 ? <p className="text-soft">Nobody is in this group.</p> : null}
      <ul className="grid gap-1">
        {members.items.map(({ id, name, email }) => (
          <li key={id} className="flex items-center justify-between gap-3">
            <span className="min-w-0">
              <bdi className="block truncate">{name}</bdi>
              <bdi className="block truncate text-sm text-soft">{email}</bdi>
            </span>
            <IconButton
              icon={X}
              label={`Remove ${name}`}
              onClick={() => change.run([{ group: group.id, remove: [id] }])}
            />
          </li>
        ))}
      </ul>
      {members.hasMore ? (
        <Button size="sm" variant="quiet" isBusy={members.isLoadingMore} onClick={members.loadMore} className="mt-2">
          Load more
        </Button>
      ) : null}
      <PickDialog
        isOpen={isPicking}
        onClose={() => setIsPicking(false)}
        title={`Add people to ${group.name}`}
        kinds={["user"]}
        taken={new Set(members.items.map(({ id }) => `user ${id}`))}
        onPick={(picked) => change.run([{ group: group.id, add: picked.map(({ id }) => id) }])}
      />
      {change.dialog}
    </PanelSection>
  );
}
