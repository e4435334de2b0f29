import { useId, type ReactNode } from "react";
import { cx } from "./class-names.ts";

interface RadioCardsProps<T extends string> {
  readonly label: string;
  readonly isLabelShown?: boolean;
  readonly value: T | null;
  readonly options: readonly (readonly [value: T, label: string, description: ReactNode])[];
  readonly onChange: (value: T) => void;
}

/** One of a few that need a sentence each. Radio buttons underneath: the arrow keys move between them. */
export function RadioCards<T extends string>(props: RadioCardsProps<T>) {
  const { label, isLabelShown = false, value, options, onChange } = props;
  const name = useId();
  return (
    <fieldset className="grid gap-2">
      <legend className={isLabelShown ? "mb-1.5 font-medium" : "sr-only"}>{label}</legend>
      {options.map(([option, text, description]) => (
        <label
          key={option}
          className={cx(
            "flex cursor-pointer gap-3 rounded-md border p-3 transition-colors",
            "has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
            option === value ? "border-accent bg-accent-soft" : "border-line-strong bg-surface hover:bg-muted",
          )}
        >
          <input
            type="radio"
            name={name}
            value={option}
            checked={option === value}
            onChange={() => onChange(option)}
            aria-describedby={`${name}-${option}`}
            aria-label={text}
            className="mt-0.5 size-4 shrink-0 outline-none"
          />
          <span className="grid min-w-0 gap-0.5">
            <span className="font-medium">{text}</span>
            <span id={`${name}-${option}`} className="text-sm text-soft">
              {description}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
