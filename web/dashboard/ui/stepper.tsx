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
    <nav aria-label={label}>
      <p className="text-sm text-soft md:hidden">
        Step {at + 1} of {steps.length}: {steps[at]?.[1]}
      </p>
      <ol className="grid gap-1 max-md:hidden">
        {steps.map(([step, name], index) => {
          const look = (
            <>
              <span
                className={cx(
                  "grid size-6 shrink-0 place-items-center rounded-full border text-xs font-medium",
                  index < at && "border-transparent bg-accent-soft text-accent-strong",
                  index === at && "border-transparent bg-accent text-on-accent",
                  index > at && "border-line-strong text-soft",
                )}
              >
                {index < at ? <Check aria-hidden="true" className="size-3.5" /> : index + 1}
              </span>
              {name}
              {index < at ? <span className="sr-only">, done</span> : null}
            </>
          );
          const classes = "flex h-9 w-full items-center gap-3 rounded px-2 text-left";
          return (
            <li key={step} aria-current={index === at ? "step" : undefined}>
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
