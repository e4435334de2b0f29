import { useState } from "react";
import { answerOf } from "../../../../src/client/client.ts";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input, Select } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { useForm } from "../../ui/use-form.ts";
import { EXPIRIES, expiryOf } from "./expiry.ts";
import { limitOf, limitProblem } from "./limit.ts";
import { OwnerField, type Owner } from "./owner-field.tsx";

interface CreateKeyDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onCreated: (key: string) => void;
}

export function CreateKeyDialog({ isOpen, onClose, onCreated }: CreateKeyDialogProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Create a virtual key"
      description="The key is shown once, right after it is created."
    >
      <CreateKeyForm onClose={onClose} onCreated={onCreated} />
    </Dialog>
  );
}

interface NewKey {
  readonly name: string;
  readonly expires_at: number | null;
  readonly rate_limit_per_minute: number | null;
  readonly owner_user_id?: string | null;
}

function CreateKeyForm({ onClose, onCreated }: Omit<CreateKeyDialogProps, "isOpen">) {
  const { user, isAdmin } = useSession();
  const [owner, setOwner] = useState<Owner>({ kind: "me" });
  const create = useChange({
    change: (body: NewKey) => answerOf(api.POST("/api/v1/virtual-keys", { body })),
    refreshes: ["virtual-keys"],
    showsError: true,
    onDone: ({ key }) => {
      onClose();
      onCreated(key);
    },
  });
  const form = useForm({
    initial: { name: "", expiry: "90", limit: "", owner: "" },
    check: ({ name, limit }) =>
      problemsOf({
        name: nameProblem(name),
        limit: limitProblem(limit),
        owner: owner.kind === "other" && owner.user === null ? "Choose a person." : undefined,
      }),
    send: ({ name, expiry, limit }) =>
      create.mutate({
        name: name.trim(),
        expires_at: expiryOf(expiry, Date.now()),
        rate_limit_per_minute: limitOf(limit),
        ...(isAdmin && { owner_user_id: ownerId(owner, user.id) }),
      }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
      {create.error === null ? null : <Notice tone="bad">{messageOf(create.error)}</Notice>}
      <Field label="Name" error={form.errors.name} hint="Where it is used, such as “Laptop” or “Nightly agent”.">
        {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
      </Field>
      {isAdmin ? <OwnerField owner={owner} onChange={setOwner} error={form.errors.owner} /> : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Expires">
          {(control) => (
            <Select {...control} {...form.input("expiry")}>
              {EXPIRIES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Calls per minute" isOptional error={form.errors.limit}>
          {(control) => <Input {...control} {...form.input("limit")} inputMode="numeric" placeholder="No limit" />}
        </Field>
      </div>
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          Create key
        </Button>
      </Actions>
    </form>
  );
}

function ownerId(owner: Owner, me: string): string | null {
  switch (owner.kind) {
    case "me":
      return me;
    case "nobody":
      return null;
    case "other":
      return owner.user?.id ?? null;
  }
}
