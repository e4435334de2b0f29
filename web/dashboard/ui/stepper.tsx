import { Check } from "lucide-react";
import { cx } from "./class-names.ts";

interface StepperProps<T extends string> {
  readonly label: string;
  readonly steps: readonly (readonly [step: T, name: string])[];
  readonly current: T;
  /** null: there is no way back. */
  readonly onBack: ((step: T) => void) | null;
}

/** Where somebody is on a way of several steps. Steps that are done lead back to them. */
export function Stepper<T extends string>({ label, steps, current, onBack }: StepperProps<T>) {
  const at = steps.findIndex(([step]) => step === current);
  return (
    <nav aria-label={label} className="mb-6">
      <p className="text-sm text-soft md:hidden">
        Step {at + 1} of {steps.length}: {steps[at]?.[1]}
      </p>
      <ol className="flex flex-wrap items-center gap-x-2 gap-y-1 max-md:hidden">
        {steps.map(([step, name], index) => {
          const look = (
            <>
              <span
                className={cx(
                  "grid size-5 shrink-0 place-items-center rounded-full border text-xs font-medium",
                  index < at && "border-transparent bg-accent-soft text-accent-strong",
                  index === at && "border-transparent bg-accent text-on-accent",
                  index > at && "border-line-strong text-soft",
                )}
              >
                {index < at ? <Check aria-hidden="true" className="size-3" /> : index + 1}
              </span>
              {name}
              {index < at ? <span className="sr-only">(done)</span> : null}
            </>
          );
          const classes = "flex h-8 items-center gap-2 rounded px-1.5 whitespace-nowrap";
          return (
            <li
              key={step}
              aria-current={index === at ? "step" : undefined}
              className="flex items-center gap-2 before:h-px before:w-4 before:bg-line-strong first:before:hidden"
            >
              {index < at && onBack !== null ? (
                <button type="button" onClick={() => onBack(step)} className={cx(classes, "hover:bg-muted")}>
                  {look}
                </button>
              ) : (
                <span className={cx(classes, index === at ? "font-medium" : "text-soft")}>{look}</span>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
