import { Button, ButtonLink } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";

export interface ShownKey {
  readonly key: string;
  readonly isNew: boolean;
}

interface KeyShownDialogProps {
  readonly shown: ShownKey | null;
  readonly onClose: () => void;
}

/** The only time that a key is shown. It lies in no cache and no storage: closing the dialog is the end of it here. */
export function KeyShownDialog({ shown, onClose }: KeyShownDialogProps) {
  return (
    <Dialog
      isOpen={shown !== null}
      onClose={onClose}
      isSticky
      title={shown?.isNew === false ? "Your key is rotated" : "Your key is created"}
    >
      <Notice tone="warn">Copy it now. Keyward keeps only a digest and cannot show it again.</Notice>
      <div className="mt-4 flex items-center gap-2 rounded-md border border-line bg-muted py-2 pr-2 pl-3">
        {/* Selected as a whole by one click. */}
        <code className="min-w-0 grow font-mono text-sm break-all select-all">{shown?.key}</code>
        <CopyButton text={shown?.key ?? ""} label="Copy the key" isWide />
      </div>
      <Actions>
        <ButtonLink href="/connect-a-client">Connect a client</ButtonLink>
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      </Actions>
    </Dialog>
  );
}
