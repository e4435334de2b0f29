import { useState, type ReactNode } from "react";
import { messageOf } from "../app/api.ts";
import { Button } from "./button.tsx";
import { Actions, Dialog } from "./dialog.tsx";
import { Notice } from "./notice.tsx";

interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** A question: "Revoke the key Laptop?" */
  readonly title: ReactNode;
  /** What will happen, and whether it can be undone. */
  readonly children: ReactNode;
  /** The verb on the button: "Revoke". */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** The dialog closes when it is done, and shows why when it fails. */
  readonly onConfirm: () => Promise<unknown>;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onClose, title, children, action, isDangerous = true, onConfirm } = props;
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  function close(): void {
    setError(null);
    onClose();
  }

  async function confirm(): Promise<void> {
    setIsBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (caught) {
      setError(caught);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Dialog isOpen={isOpen} onClose={close} title={title} width="sm">
      <div className="grid gap-3 text-soft">{children}</div>
      {error === null ? null : (
        <Notice tone="bad" className="mt-4">
          {messageOf(error)}
        </Notice>
      )}
      <Actions>
        <Button onClick={close}>Cancel</Button>
        <Button variant={isDangerous ? "danger" : "primary"} isBusy={isBusy} onClick={() => void confirm()}>
          {action}
        </Button>
      </Actions>
    </Dialog>
  );
}
