import { answerOf } from "../../../../src/client/client.ts";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import type { VirtualKey } from "../../app/api-shapes.ts";
import { useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input, Select } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { dateText } from "../../ui/time-text.ts";
import { useForm } from "../../ui/use-form.ts";
import { EXPIRIES, expiryOf } from "./expiry.ts";
import { limitOf, limitProblem } from "./limit.ts";

interface EditKeyDialogProps {
  readonly virtualKey: VirtualKey;
  readonly onClose: () => void;
}

interface KeyPatch {
  readonly name: string;
  readonly expires_at?: number | null;
  readonly rate_limit_per_minute?: number | null;
}

const KEEP = "keep";

export function EditKeyDialog({ virtualKey, onClose }: EditKeyDialogProps) {
  const { isAdmin } = useSession();
  const { id, expires_at: expires, rate_limit_per_minute: limit } = virtualKey;
  const save = useChange({
    change: (body: KeyPatch) => answerOf(api.PATCH("/api/v1/virtual-keys/{id}", { params: { path: { id } }, body })),
    refreshes: ["virtual-keys"],
    showsError: true,
    done: "The key is saved.",
    onDone: onClose,
  });
  const form = useForm({
    initial: { name: virtualKey.name, expiry: KEEP, limit: limit === null ? "" : String(limit) },
    check: ({ name, limit: text }) => problemsOf({ name: nameProblem(name), limit: limitProblem(text) }),
    send: ({ name, expiry, limit: text }) =>
      save.mutate({
        name: name.trim(),
        ...(expiry !== KEEP && { expires_at: expiryOf(expiry, Date.now()) }),
        ...(limitOf(text) !== limit && { rate_limit_per_minute: limitOf(text) }),
      }),
  });
  return (
    <Dialog isOpen onClose={onClose} title="Edit virtual key">
      <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <Field label="Name" error={form.errors.name}>
          {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
        </Field>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label="Expires">
            {(control) => (
              <Select {...control} {...form.input("expiry")}>
                <option value={KEEP}>{expires === null ? "Never (as now)" : `${dateText(expires)} (as now)`}</option>
                {EXPIRIES.filter(([value]) => expires !== null || value !== "never").map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field
            label="Calls per minute"
            isOptional
            error={form.errors.limit}
            hint={isAdmin || limit === null ? undefined : "You can lower it; an administrator can raise it."}
          >
            {(control) => <Input {...control} {...form.input("limit")} inputMode="numeric" placeholder="No limit" />}
          </Field>
        </div>
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" isBusy={save.isPending}>
            Save
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
