import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Actions } from "./dialog.tsx";
import { Notice } from "./notice.tsx";

interface ShownOnceProps {
  readonly secret: string;
  readonly onClose: () => void;
  /** "Copy the link" */
  readonly copyLabel: string;
  /** That it is not shown again. */
  readonly warning: ReactNode;
  readonly children?: ReactNode;
}

/**
 * What is shown this once, inside a sticky dialog. It lies in no cache and no storage: closing the dialog is the end of
 * it here.
 */
export function ShownOnce({ secret, onClose, copyLabel, warning, children }: ShownOnceProps) {
  return (
    <>
      <Notice tone="warn">{warning}</Notice>
      <div className="mt-4 flex items-center gap-2 rounded-md border border-line bg-muted py-2 pr-2 pl-3">
        {/* Selected as a whole by one click. */}
        <code className="min-w-0 grow font-mono text-sm break-all select-all">{secret}</code>
        <CopyButton text={secret} label={copyLabel} isWide />
      </div>
      {children}
      <Actions>
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      </Actions>
    </>
  );
}
