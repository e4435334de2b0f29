import { useState, type ReactNode } from "react";
import { isPreview } from "../../../src/client/client.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { ImpactList } from "../ui/impact-list.tsx";
import { people, type Impact } from "../ui/impact-text.ts";
import { messageOf } from "./api.ts";
import { useChange } from "./use-change.ts";
import { say } from "../ui/toast-store.ts";

interface GuardedChange<Input, Output> {
  /** The same call with `dry_run`. */
  readonly preview: (input: Input) => Promise<object | undefined>;
  readonly change: (input: Input) => Promise<Output>;
  /** As of `useChange`. */
  readonly refreshes: readonly string[];
  readonly done?: string | ((output: Output, input: Input) => string);
  readonly onDone?: (output: Output, input: Input) => void;
  /** The verb on the button of the dialog: "Save". */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** A form that shows the error beside what caused it takes the toast away. */
  readonly showsError?: boolean;
  /** Said below what happens to people. */
  readonly note?: ReactNode;
  /** Asks even when nobody's connections change: something else is at stake, which `note` says. */
  readonly asksAlways?: boolean;
  /** Of the dialog, instead of how many people it affects. */
  readonly title?: string;
}

interface Guarded<Input> {
  readonly run: (input: Input) => void;
  readonly isBusy: boolean;
  /** Why it was not done, for whoever shows it beside the form. */
  readonly error: Error | null;
  /** To be drawn somewhere on the page. */
  readonly dialog: ReactNode;
}

/**
 * A change that may affect people: it is tried first, and when anybody is affected a dialog says how many and how, and
 * waits for a yes. When nobody is, it is done at once.
 */
export function useGuardedChange<Input, Output = unknown>(options: GuardedChange<Input, Output>): Guarded<Input> {
  const { preview, change, refreshes, done, onDone, action, isDangerous = false, note } = options;
  const { asksAlways = false, title, showsError = false } = options;
  const [asked, setAsked] = useState<{ readonly input: Input; readonly impact: Impact } | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const [isTrying, setIsTrying] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const made = useChange<Input, Output>({
    change,
    refreshes,
    showsError: true,
    ...(done !== undefined && { done }),
    ...(onDone && { onDone }),
  });

  async function guarded(input: Input): Promise<void> {
    setIsTrying(true);
    setError(null);
    try {
      const impact = impactOf(await preview(input));
      if (impact.people > 0 || asksAlways) {
        setAsked({ input, impact });
        setIsOpen(true);
      } else {
        await made.mutateAsync(input);
      }
    } catch (caught) {
      const problem = caught instanceof Error ? caught : new Error("unknown");
      setError(problem);
      if (!showsError) say(messageOf(problem), "bad");
    } finally {
      setIsTrying(false);
    }
  }

  const dialog = asked && (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={() => setIsOpen(false)}
      title={title ?? `This affects ${people(asked.impact.people)}`}
      action={action}
      isDangerous={isDangerous}
      onConfirm={() => made.mutateAsync(asked.input)}
    >
      <ImpactList impact={asked.impact} none="Nobody is affected." />
      {note}
    </ConfirmDialog>
  );
  return { run: (input) => void guarded(input), isBusy: isTrying || made.isPending, error, dialog };
}

/** @throws TypeError when the answer is no preview: then the change was made, and nobody was asked */
export function impactOf(answered: object | undefined): Impact {
  if (!isPreview(answered)) throw new TypeError("A dry run was answered without a preview.");
  const { preview } = answered;
  // A removal moves nobody: whom it affects lose what they have stored.
  const moved = preview.orphaned + preview.reactivated + preview.needs_update;
  return { ...preview, deleted: moved === 0 ? preview.people : 0 };
}
