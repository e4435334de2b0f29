import { ArrowDown, ArrowUp, ChevronDown, Trash2 } from "lucide-react";
import type { Ref } from "react";
import { Badge } from "../../ui/badge.tsx";
import { IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/class-names.ts";
import type { DraftField } from "./draft-field.ts";
import { FieldInputs } from "./field-inputs.tsx";
import type { FieldProblems } from "./field-problems.ts";

interface FieldCardProps {
  readonly field: DraftField;
  readonly index: number;
  readonly count: number;
  readonly isOpen: boolean;
  /** Shown only once something was tried that needs them to be right. */
  readonly problems: FieldProblems | undefined;
  readonly toggle: Ref<HTMLButtonElement>;
  readonly onToggle: () => void;
  readonly onChange: (changes: Partial<DraftField>) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}

export function FieldCard(props: FieldCardProps) {
  const { field, index, count, isOpen, problems, toggle, onToggle, onChange, onMove, onRemove } = props;
  const title = titleOf(field, index);
  const id = `field-${field.key}`;
  return (
    <li className={cx("rounded-md border bg-surface", problems && !isOpen ? "border-bad" : "border-line")}>
      <div className="flex items-center gap-1 p-1.5 pl-1">
        <button
          ref={toggle}
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={onToggle}
          className="flex min-h-9 min-w-0 grow flex-wrap items-center gap-x-2 gap-y-1 rounded px-2 text-left"
        >
          <ChevronDown
            aria-hidden="true"
            className={cx("size-4 shrink-0 text-soft transition-transform", !isOpen && "-rotate-90")}
          />
          <bdi className="font-medium">{title}</bdi>
          {field.label.trim() !== "" && field.name.trim() !== "" ? (
            <code className="font-mono text-xs text-soft">{field.name}</code>
          ) : null}
          {field.isRequired ? null : <Badge>Optional</Badge>}
          {problems === undefined ? null : <Badge tone="bad">Look at this again</Badge>}
        </button>
        <IconButton
          size="sm"
          icon={ArrowUp}
          label={`Move ${title} up`}
          aria-disabled={index === 0 || undefined}
          onClick={() => onMove(-1)}
          className="aria-disabled:opacity-40"
        />
        <IconButton
          size="sm"
          icon={ArrowDown}
          label={`Move ${title} down`}
          aria-disabled={index === count - 1 || undefined}
          onClick={() => onMove(1)}
          className="aria-disabled:opacity-40"
        />
        <IconButton size="sm" icon={Trash2} label={`Remove ${title}`} onClick={onRemove} />
      </div>
      <div id={id} hidden={!isOpen} className="border-t border-line p-4">
        {isOpen ? <FieldInputs field={field} problems={problems ?? {}} onChange={onChange} /> : null}
      </div>
    </li>
  );
}

export function titleOf({ label, name }: Pick<DraftField, "label" | "name">, index: number): string {
  return label.trim() || name.trim() || `Field ${index + 1}`;
}
