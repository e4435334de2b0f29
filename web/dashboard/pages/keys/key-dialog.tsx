import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { VirtualKey } from "../../app/api-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { EditKeyDialog } from "./edit-key-dialog.tsx";
import { RotateKeyDialog } from "./rotate-key-dialog.tsx";

export interface KeyTask {
  readonly kind: "edit" | "rotate" | "disable" | "enable" | "revoke";
  readonly virtualKey: VirtualKey;
}

interface KeyDialogProps {
  readonly task: KeyTask | null;
  readonly onClose: () => void;
  readonly onRotated: (key: string) => void;
}

/** What is asked before something is done to a key. */
export function KeyDialog({ task, onClose, onRotated }: KeyDialogProps) {
  if (task === null) return null;
  const { kind, virtualKey } = task;
  switch (kind) {
    case "edit":
      return <EditKeyDialog virtualKey={virtualKey} onClose={onClose} />;
    case "rotate":
      return <RotateKeyDialog virtualKey={virtualKey} onClose={onClose} onRotated={onRotated} />;
    case "disable":
    case "enable":
      return <SwitchKeyDialog virtualKey={virtualKey} isEnabling={kind === "enable"} onClose={onClose} />;
    case "revoke":
      return <RevokeKeyDialog virtualKey={virtualKey} onClose={onClose} />;
  }
}

interface OfKey {
  readonly virtualKey: VirtualKey;
  readonly onClose: () => void;
}

function SwitchKeyDialog({ virtualKey, isEnabling, onClose }: OfKey & { readonly isEnabling: boolean }) {
  const { id, name } = virtualKey;
  const change = useChange({
    change: () =>
      answerOf(api.PATCH("/api/v1/virtual-keys/{id}", { params: { path: { id } }, body: { enabled: isEnabling } })),
    refreshes: ["virtual-keys"],
    showsError: true,
    done: isEnabling ? `${name} works again.` : `${name} is disabled.`,
  });
  const verb = isEnabling ? "Enable" : "Disable";
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={
        <>
          {verb} <bdi>{name}</bdi>?
        </>
      }
      action={verb}
      isDangerous={!isEnabling}
      onConfirm={() => change.mutateAsync()}
    >
      <p>
        {isEnabling
          ? "Clients that send this key are let in again."
          : "Clients that send this key are refused at once, until you enable it again."}
      </p>
    </ConfirmDialog>
  );
}

function RevokeKeyDialog({ virtualKey, onClose }: OfKey) {
  const { id, name, owner_user_id: owner } = virtualKey;
  const revoke = useChange({
    change: () => answerOf(api.DELETE("/api/v1/virtual-keys/{id}", { params: { path: { id } } })),
    refreshes: ["virtual-keys"],
    showsError: true,
    done: `${name} is revoked.`,
  });
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={
        <>
          Revoke <bdi>{name}</bdi>?
        </>
      }
      action="Revoke"
      onConfirm={() => revoke.mutateAsync()}
    >
      <p>
        Clients that send this key are refused at once, for good.
        {owner === null ? " Its grants and its stored values are deleted with it." : " Its owner's stored values stay."}
      </p>
      <p>This cannot be undone. To replace a key without an outage, rotate it.</p>
    </ConfirmDialog>
  );
}
