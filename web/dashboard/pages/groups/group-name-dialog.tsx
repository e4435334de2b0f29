import { answerOf, ApiFailure } from "../../../../src/client/client.ts";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import type { Group } from "../../app/admin-shapes.ts";
import { api, messageOf } from "../../app/api.ts";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { useForm } from "../../ui/use-form.ts";

interface GroupNameDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** Absent: a new one is made. */
  readonly group?: Group;
  readonly onMade?: (group: Group) => void;
}

/** Names a new group, or one that exists. */
export function GroupNameDialog({ isOpen, onClose, group, onMade }: GroupNameDialogProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      width="sm"
      title={group === undefined ? "Create a group" : "Rename the group"}
    >
      <GroupNameForm onClose={onClose} {...(group && { group })} {...(onMade && { onMade })} />
    </Dialog>
  );
}

function GroupNameForm({ onClose, group, onMade }: Omit<GroupNameDialogProps, "isOpen">) {
  const save = useChange<string, Group>({
    change: (name) =>
      group === undefined
        ? answerOf(api.POST("/api/v1/groups", { body: { name } }))
        : answerOf(api.PATCH("/api/v1/groups/{id}", { params: { path: { id: group.id } }, body: { name } })),
    refreshes: ["groups", "group", "user", "grants"],
    showsError: true,
    done: group === undefined ? "The group is created." : "The group is renamed.",
    onDone: (made) => {
      onClose();
      onMade?.(made);
    },
  });
  const form = useForm({
    initial: { name: group?.name ?? "" },
    check: ({ name }) => problemsOf({ name: nameProblem(name) }),
    send: ({ name }) => save.mutate(name.trim()),
  });
  const isTaken = save.error instanceof ApiFailure && save.error.code === "name_taken";
  return (
    <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
      {save.error === null || isTaken ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
      <Field label="Name" error={form.errors.name ?? (isTaken ? "Another group has this name." : undefined)}>
        {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
      </Field>
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={save.isPending}>
          {group === undefined ? "Create group" : "Rename"}
        </Button>
      </Actions>
    </form>
  );
}
