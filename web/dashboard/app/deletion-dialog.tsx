import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { ImpactList } from "../ui/impact-list.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { messageOf } from "./api.ts";
import { impactOf } from "./use-guarded-change.tsx";

interface DeletionDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** A question: "Delete the server notes?" */
  readonly title: ReactNode;
  /** What goes with it, before the numbers. */
  readonly children: ReactNode;
  readonly action: string;
  /** Of the preview; what it is a preview of stands in it. */
  readonly queryKey: readonly unknown[];
  /** The same call with `dry_run`. */
  readonly preview: (signal: AbortSignal) => Promise<object | undefined>;
  /** Said when the preview counts nobody. */
  readonly none: string;
  readonly onConfirm: () => Promise<unknown>;
}

/** Asks before something is taken away for good, and says whom it affects. */
export function DeletionDialog(props: DeletionDialogProps) {
  const { isOpen, onClose, title, children, action, queryKey, preview, none, onConfirm } = props;
  const impact = useQuery({
    queryKey: ["preview", ...queryKey],
    queryFn: async ({ signal }) => impactOf(await preview(signal)),
    enabled: isOpen,
    // Numbers that somebody decides by are never those of before.
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <ConfirmDialog isOpen={isOpen} onClose={onClose} title={title} action={action} onConfirm={onConfirm}>
      <div>{children}</div>
      {impact.isPending ? (
        <p role="status" className="flex items-center gap-2">
          <Spinner /> Counting who is affected
        </p>
      ) : null}
      {impact.data ? <ImpactList impact={impact.data} none={none} /> : null}
      {impact.error ? <Notice tone="warn">Whom it affects is not known. {messageOf(impact.error)}</Notice> : null}
    </ConfirmDialog>
  );
}
