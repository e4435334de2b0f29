import { Button } from "./button.tsx";

interface SaveBarProps {
  readonly isChanged: boolean;
  readonly isBusy: boolean;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
}

/** At the end of what is edited in place; stays in sight while something is not saved. */
export function SaveBar({ isChanged, isBusy, onSave, onDiscard }: SaveBarProps) {
  if (!isChanged && !isBusy) return null;
  return (
    <div className="sticky bottom-4 z-20 mt-6 flex flex-wrap items-center justify-end gap-2 rounded-md border border-line-strong bg-raised py-2 pr-2 pl-4 shadow-raised">
      <span role="status" className="min-w-0 grow font-medium">
        Not saved yet
      </span>
      <Button variant="quiet" onClick={onDiscard}>
        Discard
      </Button>
      <Button variant="primary" isBusy={isBusy} onClick={onSave}>
        Save
      </Button>
    </div>
  );
}
