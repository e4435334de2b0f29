import { useQuery } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Group } from "../../app/admin-shapes.ts";
import { DeletionDialog } from "../../app/deletion-dialog.tsx";
import { useChange } from "../../app/use-change.ts";
import { deleteGroup, getGroup } from "../../parts/people/people-api.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { GroupMembers } from "./group-members.tsx";
import { GroupNameDialog } from "./group-name-dialog.tsx";

interface GroupPanelProps {
  /** null: closed. */
  readonly id: string | null;
  readonly onClose: () => void;
}

export function GroupPanel({ id, onClose }: GroupPanelProps) {
  const found = useQuery({
    queryKey: ["group", id],
    queryFn: ({ signal }) => getGroup(id ?? "", signal),
    enabled: id !== null,
  });
  const group = found.data;
  return (
    <Panel
      isOpen={id !== null}
      onClose={onClose}
      title={group === undefined ? "Group" : <bdi>{group.name}</bdi>}
      description={group && (group.members_count === 1 ? "1 member" : `${group.members_count} members`)}
      actions={group && <GroupActions group={group} onDeleted={onClose} />}
    >
      {found.error === null ? null : <ErrorState error={found.error} retry={() => void found.refetch()} />}
      {found.isPending ? <SkeletonRows label="Loading the group" /> : null}
      {group === undefined ? null : <GroupMembers group={group} />}
    </Panel>
  );
}

function GroupActions({ group, onDeleted }: { readonly group: Group; readonly onDeleted: () => void }) {
  const [isRenaming, setIsRenaming] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const remove = useChange({
    change: () => deleteGroup(group.id),
    refreshes: ["groups", "user", "grants", "credentials", "me"],
    showsError: true,
    done: `${group.name} is deleted.`,
    onDone: onDeleted,
  });
  return (
    <>
      <Button icon={Pencil} onClick={() => setIsRenaming(true)}>
        Rename
      </Button>
      <Button icon={Trash2} onClick={() => setIsDeleting(true)}>
        Delete
      </Button>
      <GroupNameDialog isOpen={isRenaming} onClose={() => setIsRenaming(false)} group={group} />
      <DeletionDialog
        isOpen={isDeleting}
        onClose={() => setIsDeleting(false)}
        title={
          <>
            Delete <bdi>{group.name}</bdi>?
          </>
        }
        action="Delete"
        queryKey={["group", group.id]}
        preview={(signal) => deleteGroup(group.id, true, signal)}
        none="Nobody loses access."
        onConfirm={() => remove.mutateAsync()}
      >
        Its members stay. What they may use through this group only, they may not use any more.
      </DeletionDialog>
    </>
  );
}
