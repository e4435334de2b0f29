import { useEffect, useId, useRef, type ReactNode } from "react";
import { cx } from "./class-names.ts";

interface CheckboxProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly isChecked: boolean;
  /** Neither: some of what it stands for are. */
  readonly isMixed?: boolean;
  readonly isDisabled?: boolean;
  /** The label is for screen readers only: a box in a column of boxes. */
  readonly isBare?: boolean;
  readonly className?: string;
  readonly onChange: (isChecked: boolean) => void;
}

export function Checkbox(props: CheckboxProps) {
  const { label, hint, isChecked, isMixed = false, isDisabled = false, isBare = false, className, onChange } = props;
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = isMixed;
  }, [isMixed]);
  return (
    <div className={cx("flex items-start gap-3", className)}>
      <input
        ref={box}
        id={id}
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        onChange={(event) => onChange(event.target.checked)}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className={cx("size-4 shrink-0 cursor-pointer disabled:cursor-default", !isBare && "mt-0.5")}
      />
      <div className={cx("min-w-0", isBare && "sr-only")}>
        <label htmlFor={id} className="cursor-pointer">
          {label}
        </label>
        {hint === undefined ? null : (
          <div id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
