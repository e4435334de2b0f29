import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Select } from "./input.tsx";

/** Search and choices above a list, in one line where there is room. */
export function Filters({ children }: { readonly children: ReactNode }) {
  return (
    <div role="search" className="mb-4 flex flex-wrap items-center gap-2 max-sm:grid max-sm:grid-cols-2">
      {children}
    </div>
  );
}

interface FilterSelectProps<T extends string> {
  readonly label: string;
  /** What stands there when nothing is chosen: "All servers". */
  readonly all: string;
  readonly value: T | null;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChange: (value: T | null) => void;
}

export function FilterSelect<T extends string>({ label, all, value, options, onChange }: FilterSelectProps<T>) {
  return (
    <Select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value === "" ? null : (event.target.value as T))}
      className="sm:w-44"
    >
      <option value="">{all}</option>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </Select>
  );
}

interface FilterChipProps {
  readonly children: ReactNode;
  /** What is taken away: "Remove the filter by person". */
  readonly removeLabel: string;
  readonly onRemove: () => void;
}

/** A filter that is set from elsewhere, such as by a link, and can only be taken away. */
export function FilterChip({ children, removeLabel, onRemove }: FilterChipProps) {
  return (
    <span className="inline-flex h-9 max-w-full min-w-0 items-center gap-1 rounded-md border border-line-strong bg-muted pr-1 pl-3 max-sm:col-span-2">
      <span className="min-w-0 truncate">{children}</span>
      <button
        type="button"
        aria-label={removeLabel}
        onClick={onRemove}
        className="grid size-7 shrink-0 place-items-center rounded text-soft hover:text-ink"
      >
        <X aria-hidden="true" className="size-4" />
      </button>
    </span>
  );
}
