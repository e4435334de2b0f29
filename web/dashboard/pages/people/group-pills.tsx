import { Plus, X } from "lucide-react";
import { Button } from "../../ui/button.tsx";

interface GroupPillsProps {
  readonly groups: readonly { readonly id: string; readonly name: string }[];
  readonly onRemove: (id: string) => void;
  readonly onAdd: () => void;
}

/** The groups of somebody, each with a button to leave it. */
export function GroupPills({ groups, onRemove, onAdd }: GroupPillsProps) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {groups.map(({ id, name }) => (
        <span
          key={id}
          className="inline-flex h-8 max-w-full items-center gap-1 rounded-full bg-muted pr-1 pl-3 text-sm"
        >
          <bdi className="truncate">{name}</bdi>
          <button
            type="button"
            aria-label={`Remove from ${name}`}
            onClick={() => onRemove(id)}
            className="grid size-6 shrink-0 place-items-center rounded-full text-soft hover:text-ink"
          >
            <X aria-hidden="true" className="size-3.5" />
          </button>
        </span>
      ))}
      <Button size="sm" icon={Plus} onClick={onAdd}>
        Add to groups
      </Button>
    </div>
  );
}
