import { answerOf } from "../../../../src/client/client.ts";
import { api, messageOf } from "../../app/api.ts";
import type { VirtualKey } from "../../app/api-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Select } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { useForm } from "../../ui/use-form.ts";

const OVERLAPS: readonly (readonly [seconds: string, label: string])[] = [
  ["0", "Ends at once"],
  ["3600", "Works for another hour"],
  ["86400", "Works for another day"],
  ["604800", "Works for another week"],
  ["2592000", "Works for another 30 days"],
];

interface RotateKeyDialogProps {
  readonly virtualKey: VirtualKey;
  readonly onClose: () => void;
  readonly onRotated: (key: string) => void;
}

export function RotateKeyDialog({ virtualKey, onClose, onRotated }: RotateKeyDialogProps) {
  const { id, name } = virtualKey;
  const rotate = useChange({
    change: (seconds: number) =>
      answerOf(
        api.POST("/api/v1/virtual-keys/{id}/rotate", {
          params: { path: { id } },
          body: { overlap_seconds: seconds },
        }),
      ),
    refreshes: ["virtual-keys"],
    showsError: true,
    onDone: ({ key }) => {
      onClose();
      onRotated(key);
    },
  });
  const form = useForm({
    initial: { overlap: "86400" },
    send: ({ overlap }) => rotate.mutate(Number(overlap)),
  });
  return (
    <Dialog
      isOpen
      onClose={onClose}
      width="sm"
      title={
        <>
          Rotate <bdi>{name}</bdi>
        </>
      }
      description="You get a new key. Name, grants, stored values and limits stay as they are."
    >
      <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {rotate.error === null ? null : <Notice tone="bad">{messageOf(rotate.error)}</Notice>}
        <Field label="The old key" hint="Time to put the new one into every client that has the old one.">
          {(control) => (
            <Select {...control} {...form.input("overlap")}>
              {OVERLAPS.map(([seconds, label]) => (
                <option key={seconds} value={seconds}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" isBusy={rotate.isPending}>
            Rotate
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
