import { useState } from "react";
import type { Schemas } from "../../../../src/client/api-types.ts";
import { answerOf, ApiFailure } from "../../../../src/client/client.ts";
import { emailProblem, nameProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import type { Role } from "../../app/api-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { PickDialog } from "../../parts/pick/pick-dialog.tsx";
import { candidateKey, type Candidate } from "../../parts/pick/use-candidates.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { useForm } from "../../ui/use-form.ts";
import { GroupPills } from "./group-pills.tsx";
import { InviteLink } from "./invite-link.tsx";
import { RoleField } from "./role-field.tsx";

type Invited = Schemas["InvitedUser"];

interface InviteDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Asks whom to invite, and then shows the link: once. */
export function InviteDialog({ isOpen, onClose }: InviteDialogProps) {
  const [invited, setInvited] = useState<Invited | null>(null);
  function close(): void {
    setInvited(null);
    onClose();
  }
  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      isSticky={invited !== null}
      title={invited === null ? "Invite a person" : `${invited.user.name} is invited`}
    >
      {invited === null ? (
        <InviteForm onClose={close} onInvited={setInvited} />
      ) : (
        <InviteLink invite={invited} onClose={close} />
      )}
    </Dialog>
  );
}

interface InviteFormProps {
  readonly onClose: () => void;
  readonly onInvited: (invited: Invited) => void;
}

function InviteForm({ onClose, onInvited }: InviteFormProps) {
  const [role, setRole] = useState<Role>("user");
  const [groups, setGroups] = useState<readonly Candidate[]>([]);
  const [isPicking, setIsPicking] = useState(false);
  const invite = useChange({
    change: (body: Schemas["NewUser"]) => answerOf(api.POST("/api/v1/users", { body })),
    refreshes: ["users", "groups"],
    showsError: true,
    onDone: onInvited,
  });
  const form = useForm({
    initial: { name: "", email: "" },
    check: ({ name, email }) => problemsOf({ name: nameProblem(name), email: emailProblem(email) }),
    send: ({ name, email }) =>
      invite.mutate({ name: name.trim(), email: email.trim(), role, group_ids: groups.map(({ id }) => id) }),
  });
  const isOfAddress =
    invite.error instanceof ApiFailure && ["email_taken", "invalid_email"].includes(invite.error.code);
  return (
    <>
      <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {invite.error === null || isOfAddress ? null : <Notice tone="bad">{messageOf(invite.error)}</Notice>}
        <Field label="Name" error={form.errors.name}>
          {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
        </Field>
        <Field label="E-mail address" error={form.errors.email ?? (isOfAddress ? messageOf(invite.error) : undefined)}>
          {(control) => <Input {...control} {...form.input("email")} type="email" spellCheck={false} />}
        </Field>
        <RoleField role={role} onChange={setRole} />
        <div className="grid gap-1.5">
          <p className="font-medium">
            Groups <span className="font-normal text-soft">(optional)</span>
          </p>
          <GroupPills
            groups={groups}
            onRemove={(id) => setGroups(groups.filter((group) => group.id !== id))}
            onAdd={() => setIsPicking(true)}
          />
        </div>
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" isBusy={invite.isPending}>
            Create invitation
          </Button>
        </Actions>
      </form>
      <PickDialog
        isOpen={isPicking}
        onClose={() => setIsPicking(false)}
        title="Add to groups"
        kinds={["group"]}
        taken={new Set(groups.map(candidateKey))}
        onPick={(picked) => setGroups([...groups, ...picked])}
      />
    </>
  );
}
