import { Ban, CircleCheck, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { DeletionDialog } from "../../app/deletion-dialog.tsx";
import { useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { deleteUser, patchUser, type UserWithGroups } from "../../parts/people/people-api.ts";
import { Button } from "../../ui/button.tsx";
import { EditUserDialog } from "./edit-user-dialog.tsx";

interface UserActionsProps {
  readonly user: UserWithGroups;
  readonly onDeleted: () => void;
}

export function UserActions({ user, onDeleted }: UserActionsProps) {
  const { id, name, enabled } = user;
  const me = useSession().user.id;
  const [isEditing, setIsEditing] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const toggle = useGuardedChange({
    preview: (isEnabled: boolean) => patchUser(id, { enabled: isEnabled }, true),
    change: (isEnabled: boolean) => patchUser(id, { enabled: isEnabled }),
    refreshes: ["users", "user", "credentials"],
    done: (_output, isEnabled) => `${name} is ${isEnabled ? "enabled" : "disabled"}.`,
    action: enabled ? "Disable" : "Enable",
    isDangerous: enabled,
    note: enabled ? "They are signed out everywhere at once, and their keys stop working." : undefined,
    asksAlways: enabled,
    title: enabled ? `Disable ${name}?` : `Enable ${name}?`,
  });
  const remove = useChange({
    change: () => deleteUser(id),
    refreshes: ["users", "groups", "credentials", "virtual-keys"],
    showsError: true,
    done: `${name} is deleted.`,
    onDone: onDeleted,
  });
  return (
    <>
      <Button icon={Pencil} onClick={() => setIsEditing(true)}>
        Edit
      </Button>
      {id === me ? (
        <p className="self-center text-sm text-soft">This is you.</p>
      ) : (
        <>
          <Button icon={enabled ? Ban : CircleCheck} isBusy={toggle.isBusy} onClick={() => toggle.run(!enabled)}>
            {enabled ? "Disable" : "Enable"}
          </Button>
          <Button icon={Trash2} onClick={() => setIsDeleting(true)}>
            Delete
          </Button>
        </>
      )}
      {toggle.dialog}
      <EditUserDialog user={user} isOpen={isEditing} onClose={() => setIsEditing(false)} />
      <DeletionDialog
        isOpen={isDeleting}
        onClose={() => setIsDeleting(false)}
        title={
          <>
            Delete <bdi>{name}</bdi>?
          </>
        }
        action="Delete"
        queryKey={["user", id]}
        preview={(signal) => deleteUser(id, true, signal)}
        none="They have stored nothing."
        onConfirm={() => remove.mutateAsync()}
      >
        Their stored values, virtual keys, connected apps and sessions are deleted with them. This cannot be undone. To
        keep what they have stored, disable them instead.
      </DeletionDialog>
    </>
  );
}
