import { useState } from "react";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import { messageOf } from "../../app/api.ts";
import type { Role } from "../../app/api-shapes.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { patchUser, type UserPatch, type UserWithGroups } from "../../parts/people/people-api.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { useForm } from "../../ui/use-form.ts";
import { RoleField } from "./role-field.tsx";

interface EditUserDialogProps {
  readonly user: UserWithGroups;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function EditUserDialog({ user, isOpen, onClose }: EditUserDialogProps) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Edit person">
      <EditUserForm user={user} onClose={onClose} />
    </Dialog>
  );
}

function EditUserForm({ user, onClose }: Omit<EditUserDialogProps, "isOpen">) {
  const [role, setRole] = useState<Role>(user.role);
  const save = useGuardedChange({
    preview: (patch: UserPatch) => patchUser(user.id, patch, true),
    change: (patch: UserPatch) => patchUser(user.id, patch),
    refreshes: ["users", "user", "me"],
    done: "The person is saved.",
    onDone: onClose,
    action: "Save",
    showsError: true,
  });
  const form = useForm({
    initial: { name: user.name },
    check: ({ name }) => problemsOf({ name: nameProblem(name) }),
    send: ({ name }) =>
      save.run({ ...(name.trim() !== user.name && { name: name.trim() }), ...(role !== user.role && { role }) }),
  });
  return (
    <>
      <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <Field label="Name" error={form.errors.name}>
          {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
        </Field>
        <RoleField role={role} onChange={setRole} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" isBusy={save.isBusy}>
            Save
          </Button>
        </Actions>
      </form>
      {save.dialog}
    </>
  );
}
